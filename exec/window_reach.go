package exec

import (
	"github.com/sqlstream/sqlstream/sql/expr"
)

// A reach says how far calls look from a row: so many rows, and so many groups of peers
// beside the row's own, back and ahead; -1 where groups do not matter. What looks so far
// back is changed by what changes so far ahead of it.
type reach struct {
	rows, groups [2]int
	// running: a call looks back to the beginning of the partition, but what it needs of
	// that is a state that goes from row to row.
	running bool
	sums    bool // the state has more than numbers
	dense   bool // it has the number of the group of peers
	head    bool // a call wants the partition's first row: its change changes all rows
	// whole: a change anywhere may change all rows.
	whole bool
}

const (
	back = iota
	ahead
)

// far is more rows than there are.
const far = 1 << 40

func newReach() reach { return reach{groups: [2]int{-1, -1}} }

// add makes r reach as far as another, too.
func (r *reach) add(o reach) {
	for i := range r.rows {
		r.rows[i], r.groups[i] = max(r.rows[i], o.rows[i]), max(r.groups[i], o.groups[i])
	}
	r.running, r.sums = r.running || o.running, r.sums || o.sums
	r.dense, r.head, r.whole = r.dense || o.dense, r.head || o.head, r.whole || o.whole
}

// reachOf is the reach of one call.
func reachOf(c WindowCall) reach {
	r := newReach()
	switch c.Name {
	case "row_number":
		r.running = true
	case "rank", "dense_rank":
		r.running, r.groups[back], r.dense = true, 0, c.Name == "dense_rank"
	case "lag":
		r.shifted(c, back)
	case "lead":
		r.shifted(c, ahead)
	case "percent_rank", "cume_dist", "ntile":
		r.whole = true
	default:
		r.framed(c)
	}
	return r
}

// shifted is the reach of LAG and LEAD, known where the distance is a constant.
func (r *reach) shifted(c WindowCall, way int) {
	r.rows[way] = 1
	if len(c.Args) > 1 {
		of := c.Args[1]
		if cast, ok := of.(*expr.Cast); ok {
			of = cast.Arg
		}
		l, ok := of.(*expr.Literal)
		n, isInt := int64(0), false
		if ok {
			n, isInt = l.Value.(int64)
		}
		if !isInt || n < 0 {
			r.whole = true
			return
		}
		r.rows[way] = int(min(n, far))
	}
	r.whole = c.IgnoreNulls
}

// framed is the reach of a call that sees a frame.
func (r *reach) framed(c WindowCall) {
	f := c.Frame
	from, to := f.From.Kind != UnboundedPreceding, f.To.Kind != UnboundedFollowing
	switch {
	case f.From.Kind == UnboundedFollowing, f.To.Kind == UnboundedPreceding:
		r.whole = true
	case from && to && f.Key != nil: // the rest is a matter of the keys
		r.groups = [2]int{}
	case f.Key != nil:
		r.whole = true
	case from && to:
		r.bound(f.Unit, f.From)
		r.bound(f.Unit, f.To)
	case from && c.Name == "first_value" && !c.IgnoreNulls:
		r.bound(f.Unit, f.From)
	case to && c.Name == "last_value" && !c.IgnoreNulls:
		r.bound(f.Unit, f.To)
	case to && c.Name == "first_value" && !c.IgnoreNulls:
		r.head = true
		r.bound(f.Unit, f.To)
	case to && c.slides() && runningSlot(c.Func) != nil:
		r.running, r.sums = true, true
		r.bound(f.Unit, f.To)
	default:
		r.whole = true
	}
}

// bound is the reach to one end of a frame.
func (r *reach) bound(unit FrameUnit, b FrameBound) {
	of := &r.rows
	if unit != RowsFrame {
		of = &r.groups
		of[back], of[ahead] = max(of[back], 0), max(of[ahead], 0)
	}
	switch b.Kind {
	case Preceding:
		of[back] = max(of[back], int(min(b.Offset, far)))
	case Following:
		of[ahead] = max(of[ahead], int(min(b.Offset, far)))
	}
}

// A way counts what lies on the way in one direction, until it is as far as it must be.
type way struct {
	rows, groups    int // to go
	passed, crossed int
	probe           int // how many rows must be passed before keys are looked at
}

// enough reports that the next row is beyond; boundary says that it is of other peers than
// the one before it.
func (w *way) enough(boundary bool) bool {
	return w.passed >= w.rows && (w.groups < 0 || boundary && w.crossed >= w.groups)
}

// pass takes in the next row.
func (w *way) pass(boundary bool, weight int64) {
	w.passed += int(min(weight, far))
	if boundary {
		w.crossed++
	}
}

// way is a way of the reach in one direction.
func (r *reach) way(direction int) way {
	return way{rows: r.rows[direction], groups: r.groups[direction], probe: probeRows}
}
