package logical

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/zset"
)

// Fingerprint returns 16 hexadecimal digits that are the same for a node that computes the same
// of inputs of the fingerprints given: in every process and wherever in a plan it stands. It
// names state, and so depends on all that decides what the state is, and neither on how a plan
// is run nor on what columns are called. State that was kept is found by it: what it is for a
// node stays the same for ever, as testdata/stored of the planner shows.
func Fingerprint(n Node, inputs []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%T %s", n, meaning(n))
	for _, e := range Exprs(n) {
		b.WriteString("; " + expr.Fingerprint(e))
	}
	for _, f := range n.Schema().Fields {
		b.WriteString("\x00" + f.Type.Exact())
	}
	for _, in := range inputs {
		b.WriteString("\n" + in)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// meaning is what a node is beside its inputs and expressions, in every process.
func meaning(n Node) string {
	switch x := n.(type) {
	case *Scan:
		return fmt.Sprintf("%s %q", x.Relation.meaning(), x.Relation.Schema.Project(x.Columns).Names())
	case *Values:
		return contents(x.Rows)
	case *Self: // a recursion within another is of another name
		return fmt.Sprintf("%q %t", x.Name, x.Retracts)
	case *Aggregate:
		out := details(n)
		for _, c := range x.Calls {
			out += " " + kept(c.Func, c.Bind)
		}
		return out
	case *Window:
		out := details(n)
		for _, c := range x.Calls {
			if c.Func != nil {
				out += " " + kept(c.Func, c.Bind)
			}
		}
		return out
	case *Expand:
		return fmt.Sprintf("%s %t", x.Func.Exact(), x.Outer)
	case *EmitFinal:
		out := ""
		for _, by := range x.By {
			out += fmt.Sprint(" ", by.Column, ":")
			for _, t := range by.Until {
				out += fmt.Sprintf(" %q %q", t.Relation.Name, t.Relation.Schema.Fields[t.Column].Name)
				if t.Func != nil {
					out += " " + expr.Fingerprint(t.Func)
				}
			}
		}
		return out
	}
	return details(n)
}

// contents tells rows from all others.
func contents(b *zset.Batch) string {
	sum := sha256.New()
	var key []byte
	for i := range b.Len {
		key = zset.AppendKey(key[:0], b.Cols, i)
		key = binary.BigEndian.AppendUint64(key, uint64(b.Weight(i)))
		sum.Write(key)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// meaning is what of a relation decides which rows a scan of it has, and how they come.
func (r *Relation) meaning() string {
	out := fmt.Sprintf("%q %q %t %t %d %q", strings.ToLower(r.Name), r.ID, r.View, r.AppendOnly, r.Arrival, r.Declared)
	for _, w := range r.Watermarks {
		out += fmt.Sprintf(" ~%q", r.Schema.Fields[w.Column].Name)
	}
	switch r.Arrival {
	case ByKey:
		out += " " + r.Schema.Project(r.Keys[0]).String()
	case Unchecked: // rows are told by all that they have
		out += " " + r.Schema.Project(r.Stored).String()
	}
	return out
}

// kept is what an aggregate keeps of a group.
func kept(f *function.Aggregate, b *function.Bound) string {
	out := fmt.Sprint(f.Name, " ", f.State)
	for _, s := range []function.Slot{b.Slot, b.AppendOnly, b.Kept} {
		if s == nil {
			out += "/-"
			continue
		}
		out += fmt.Sprint("/", s.Width())
	}
	return out
}

// Identity returns a text that two nodes over the same inputs have in common only where
// they always have the same rows, so that one can be run for both. A call that draws lots
// is the same as itself alone: so a WITH query that is read twice is drawn once. It is
// false where a call has no number to be known by.
func Identity(n Node) (string, bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "%T ", n)
	switch x := n.(type) {
	case *Scan:
		fmt.Fprintf(&b, "%q %v", strings.ToLower(x.Relation.Name), x.Columns)
	case *Values:
		fmt.Fprintf(&b, "%p", x.Rows)
	case *Self:
		fmt.Fprintf(&b, "%p", x)
	case *Expand:
		if x.Func.Pure {
			fmt.Fprintf(&b, "%s %t %t", x.Func.Name, x.Func.Numbered, x.Outer)
		} else {
			fmt.Fprintf(&b, "%s %p %t", x.Func.Name, x.Func, x.Outer)
		}
	case *EmitFinal:
		b.WriteString(meaning(x))
	default:
		b.WriteString(details(x))
	}
	for _, e := range Exprs(n) {
		if !numbered(e) {
			return "", false
		}
		b.WriteString("; " + expr.Fingerprint(e))
	}
	return b.String(), true
}

func numbered(e expr.Expr) bool {
	return expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Call)
		return !ok || c.Draw > 0 || c.Func.StabilityOf(c.Overload) != function.Volatile
	})
}

// details are what a node is beside its inputs and expressions. What a field that is added says
// is nothing where it is zero, so that plans from before keep their fingerprints.
func details(n Node) string {
	switch x := n.(type) {
	case *Aggregate:
		out := fmt.Sprint(len(x.Group), x.Sets, x.Sets == nil) + untouched(x.Forget)
		if x.Owned != nil || x.Local {
			out += fmt.Sprint(" owned ", x.Owned, x.Local)
		}
		for _, c := range x.Calls {
			out += fmt.Sprintf(" %s/%d %t %t%s", c.Func.Name, len(c.Args), c.Distinct, c.Filter != nil, descending(c.Order))
		}
		return out
	case *Join:
		out := fmt.Sprint(x.Kind, x.On != nil, x.Any != nil, len(x.Params)) + untouched(x.Forget)
		if x.Numbered {
			out += " numbered"
		}
		out += staying(x.Local)
		return out
	case *Asof:
		return fmt.Sprint(x.Outer, x.Keys, x.Op, x.LeftTime, x.RightTime)
	case *TimeFilter:
		return x.Op.String() + " " + expr.Fingerprint(x.Clock)
	case *Lookup:
		return fmt.Sprint(x.Outer, x.Keys, x.On != nil)
	case *SetOp:
		return fmt.Sprint(x.Except, x.All)
	case *TopN:
		return fmt.Sprint(x.Partition, x.Keys, x.Limit, x.Offset, x.By, x.Ties, x.Number != "") + untouched(x.Forget) + staying(x.Local)
	case *Window:
		out := fmt.Sprint(x.Partition, x.Keys) + staying(x.Local)
		for _, c := range x.Calls {
			out += fmt.Sprintf(" %s/%d %t %t %t%s %s %s", c.Name, len(c.Args), c.Distinct, c.Filter != nil, c.IgnoreNulls, descending(c.Order), c.Returns.Exact(), c.Frame.exact())
		}
		return out
	case *Session:
		return fmt.Sprint(x.Partition, x.Time, x.Gap)
	case *Recursive:
		return fmt.Sprint(x.All)
	case *First:
		return fmt.Sprint(x.Keys, x.Rows)
	case *History:
		return fmt.Sprint(x.Relation.meaning(), x.Time, x.Dated)
	case *Unique:
		return fmt.Sprint(x.Keys, x.Into)
	case *Sort:
		return fmt.Sprint(x.Keys, x.Limit, x.Offset, x.Hidden)
	}
	return ""
}

func staying(local bool) string {
	if local {
		return " local"
	}
	return ""
}

func descending(order []Order) string {
	out := ""
	for _, o := range order {
		out += fmt.Sprint(" ", o.Desc)
	}
	return out
}

// exact is a frame but for its expressions.
func (f Frame) exact() string {
	out := fmt.Sprint(f.Unit, f.Key != nil)
	for _, b := range []FrameBound{f.From, f.To} {
		out += fmt.Sprint(" ", b.Kind, b.At != nil)
		if b.Offset != nil {
			out += " " + expr.Fingerprint(b.Offset)
		}
	}
	return out
}
