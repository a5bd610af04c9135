// Package tree prints any plan as a tree of lines.
package tree

import "strings"

// Format prints a node a line, inputs below their reader.
//
//	Project a
//	└─ Filter b > 1
//	   └─ Scan t
func Format[N any](root N, line func(N) string, inputs func(N) []N) string {
	var b strings.Builder
	write(&b, root, "", "", line, inputs)
	return b.String()
}

func write[N any](b *strings.Builder, n N, first, rest string, line func(N) string, inputs func(N) []N) {
	for i, l := range strings.Split(line(n), "\n") {
		if i == 0 {
			b.WriteString(first + l + "\n")
		} else {
			b.WriteString(rest + "   " + l + "\n")
		}
	}
	ins := inputs(n)
	for i, in := range ins {
		if i == len(ins)-1 {
			write(b, in, rest+"└─ ", rest+"   ", line, inputs)
		} else {
			write(b, in, rest+"├─ ", rest+"│  ", line, inputs)
		}
	}
}
