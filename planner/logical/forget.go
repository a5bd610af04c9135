package logical

import (
	"slices"
	"time"
)

// Forgetting returns the plan in which what only grows is forgotten when no row has come to
// it for so many microseconds: groups, rows of DISTINCT, first rows of partitions, and rows
// that wait in an inner join for others. It goes only by inputs whose rows are only added,
// since what is taken back must be known; and what a watermark bounds is left to it.
//
// Nothing that a node is told of its input changes by it: one that only adds rows leaves
// those that it has put out, and one that takes rows back takes back what it forgets.
func Forgetting(n Node, after int64) Node {
	return transformUpTo(n, fixedPoint, func(n Node) Node { return forgetting(n, after) })
}

func forgetting(n Node, after int64) Node {
	switch x := n.(type) {
	case *Aggregate:
		if len(x.Group) > 0 && x.Sets == nil && adds(x.Input) && !closes(x) {
			out := *x
			out.Forget = after
			return &out
		}
	case *TopN:
		if len(x.Partition) > 0 && adds(x.Input) && !passes(x.Input, x.Partition) {
			out := *x
			out.Forget = after
			return &out
		}
	case *Join:
		_, _, left := x.Expires(0)
		_, _, right := x.Expires(1)
		if x.Kind == Inner && adds(x.Left) && adds(x.Right) && !(left && right) {
			out := *x
			out.Forget = after
			return &out
		}
	}
	return n
}

// adds reports that rows of a node are only ever added.
func adds(n Node) bool { return n.Properties().AppendOnly }

// closes reports that a watermark closes the groups.
func closes(a *Aggregate) bool {
	return slices.ContainsFunc(Watermarks(a), func(w Watermark) bool { return len(w.Of) > 0 })
}

// passes reports that a watermark passes partitions by one of their columns.
func passes(in Node, partition []int) bool {
	fields := in.Schema().Fields
	return slices.ContainsFunc(Watermarks(in), func(w Watermark) bool {
		c := w.Column()
		return len(w.Of) > 0 && slices.Contains(partition, c) && fields[c].NotNull
	})
}

// untouched says how long what nothing touches is kept, for printing.
func untouched(after int64) string {
	if after == 0 {
		return ""
	}
	return " FORGETS after " + (time.Duration(after) * time.Microsecond).String()
}
