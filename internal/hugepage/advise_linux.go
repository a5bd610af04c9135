package hugepage

import "syscall"

// advise is a hint: where the system refuses, small pages do.
func advise(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) }
