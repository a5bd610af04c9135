package cold_test

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/cold"
)

// A disk that is full from any change on is an error of who writes, and does not end the
// process from behind.
func TestDiskIsFull(t *testing.T) {
	refused := 0
	for at := int32(1); at < 100; at += 1 + at/8 {
		var left atomic.Int32
		left.Store(at)
		db, err := cold.Open(errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && left.Add(-1) < 0 {
				return syscall.ENOSPC
			}
			return nil
		})), "cold", 0)
		if err == nil {
			err = errors.Join(fill(db), db.Close())
		}
		if errors.Is(err, syscall.ENOSPC) {
			refused++
		} else if err != nil {
			t.Errorf("full at change %d: %v", at, err)
		}
	}
	if refused < 5 {
		t.Errorf("%d databases were refused room", refused)
	}
}

// fill writes more than the database holds in memory.
func fill(db *cold.DB) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *state.Fault:
			err = p.Err
		default:
			panic(p)
		}
	}()
	s, value := db.Space(false), make([]byte, 1000)
	for i := range uint64(60_000) {
		s.Set(binary.BigEndian.AppendUint64(nil, i*7919%60_000), value)
	}
	s.Flush()
	return nil
}
