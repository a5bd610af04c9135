package logical

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A JoinKind says which rows a Join has.
type JoinKind uint8

// The kinds.
const (
	Inner JoinKind = iota // pairs that match
	Left                  // and left rows without a match, NULLs beside them
	Right                 // and right rows without a match
	Full                  // and both
	Semi                  // left rows with a match, each once
	Anti                  // left rows without a match
	Mark                  // all left rows and a BOOLEAN: whether there is a match
)

// String gives the kind as EXPLAIN prints it.
func (k JoinKind) String() string {
	return [...]string{"Join", "Left join", "Right join", "Full join", "Semi join", "Anti join", "Mark join"}[k]
}

// Join puts the rows of two inputs together. Its columns are those of the left, then
// those of the right; of the left alone for Semi and Anti; and of the left and the mark
// for Mark.
type Join struct {
	Left, Right Node
	Kind        JoinKind
	// On is the condition of a match over the columns of both, nil for none.
	On expr.Expr
	// Any is, for Mark alone, what is asked of the matches in the logic of three values:
	// the mark is TRUE where it is TRUE for one of them, else NULL where it is NULL for
	// one, else FALSE. nil is TRUE, as of EXISTS.
	Any expr.Expr
	// Params are expressions over the left columns that the right input reads as Param.
	// A join that has them is a dependent one: the right input is another for each left
	// row. Nothing runs it; it is rewritten first.
	Params []expr.Expr
	Name   string // of the mark
	// Forget is, of Inner alone, how many microseconds a row is kept that no watermark passes,
	// 0 for ever.
	Forget int64
	// Numbered says, of Inner alone, that the rows which are kept are numbered, see Numbering.
	Numbered bool
	// Local says that rows stay on their worker where they are divided by the keys, see Routes.
	Local bool
}

// Inputs implements Node.
func (j *Join) Inputs() []Node { return []Node{j.Left, j.Right} }

// WithInputs implements Node.
func (j *Join) WithInputs(in []Node) Node {
	out := *j
	out.Left, out.Right = in[0], in[1]
	return &out
}

// Schema implements Node.
func (j *Join) Schema() *types.Schema {
	s := &types.Schema{Fields: slices.Clone(j.Left.Schema().Fields)}
	switch j.Kind {
	case Semi, Anti:
		return s
	case Mark:
		s.Fields = append(s.Fields, types.Field{Name: j.Name, Type: types.Of(types.Boolean), NotNull: j.Any == nil})
		return s
	}
	n := len(s.Fields)
	s.Fields = append(s.Fields, j.Right.Schema().Fields...)
	for i := range s.Fields {
		padded := i < n && (j.Kind == Right || j.Kind == Full) || i >= n && (j.Kind == Left || j.Kind == Full)
		s.Fields[i].NotNull = s.Fields[i].NotNull && !padded
	}
	return s
}

// Pairs is the schema that On and Any are over: the columns of both inputs as they
// are, not padded.
func (j *Join) Pairs() *types.Schema {
	return &types.Schema{Fields: slices.Concat(j.Left.Schema().Fields, j.Right.Schema().Fields)}
}

// String implements Node.
func (j *Join) String() string {
	var b strings.Builder
	if len(j.Params) > 0 {
		b.WriteString("Dependent ")
		b.WriteString(strings.ToLower(j.Kind.String()))
	} else {
		b.WriteString(j.Kind.String())
	}
	if j.On != nil {
		b.WriteString(" ON " + j.sided(j.On).String())
	} else if j.Kind == Inner && j.Any == nil {
		b.WriteString(" of all pairs")
	}
	if j.Any != nil {
		b.WriteString(" ANY " + j.sided(j.Any).String())
	}
	if len(j.Params) > 0 {
		b.WriteString(" GIVEN " + exprList(j.Params))
	}
	b.WriteString(untouched(j.Forget))
	return b.String()
}

// sided says left or right of columns whose name both sides have, for printing.
func (j *Join) sided(e expr.Expr) expr.Expr {
	left, right := j.Left.Schema(), j.Right.Schema()
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		side, other := "left.", right
		if c.Index >= left.Len() {
			side, other = "right.", left
		}
		if !slices.ContainsFunc(other.Fields, func(f types.Field) bool { return strings.EqualFold(f.Name, c.Field.Name) }) {
			return x
		}
		out := *c
		out.Field.Name = side + c.Field.Name
		return &out
	})
}

func exprList(es []expr.Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return strings.Join(parts, ", ")
}

// An EquiKey is an equality of a Join's condition that compares the sides: an expression
// over the columns of the left input and one over those of the right, of one type.
type EquiKey struct {
	Left, Right expr.Expr
	NullSafe    bool // <=>
}

// Equi divides a join's condition into equalities by which matches are looked up, and
// the rest. An expression that can fail is no key behind a condition that is not one:
// that may be what keeps it from failing.
func (j *Join) Equi() (keys []EquiKey, rest []expr.Expr) {
	return DivideEqui(j.On, j.Left.Schema().Len())
}

// DivideEqui is Equi of a condition over pairs whose first width columns are the left's.
func DivideEqui(on expr.Expr, width int) (keys []EquiKey, rest []expr.Expr) {
	if on == nil {
		return nil, nil
	}
	for _, c := range expr.Conjuncts(on) {
		k, ok := equiKey(c, width)
		if ok = ok && (len(rest) == 0 || !expr.CanFail(c)); ok {
			keys = append(keys, k)
		}
		if !ok || !k.NullSafe && !exactKey(k.Left.Type()) { // NaN has a key, and is no value's equal
			rest = append(rest, c)
		}
	}
	return keys, rest
}

func equiKey(c expr.Expr, width int) (EquiKey, bool) {
	x, ok := c.(*expr.Compare)
	if !ok || x.Op != expr.Eq && x.Op != expr.NullSafeEq || expr.Stability(c) != 0 {
		return EquiKey{}, false
	}
	l, r := side(x.L, width), side(x.R, width)
	k := EquiKey{Left: x.L, Right: x.R, NullSafe: x.Op == expr.NullSafeEq}
	switch {
	case l == rightSide && r == leftSide:
		k.Left, k.Right = x.R, x.L
	case l != leftSide || r != rightSide:
		return EquiKey{}, false
	}
	k.Right = Shift(k.Right, -width)
	return k, true
}

// The sides that an expression over pairs reads.
const (
	noSide = iota
	leftSide
	rightSide
	bothSides
)

func side(e expr.Expr, width int) int {
	set := map[int]bool{}
	expr.Columns(e, set)
	out := noSide
	for c := range set {
		if c < width {
			out |= leftSide
		} else {
			out |= rightSide
		}
	}
	return out
}

// Shift adds by to the position of each column of e.
func Shift(e expr.Expr, by int) expr.Expr {
	return expr.Transform(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok && by != 0 {
			return &expr.Column{Index: c.Index + by, Field: c.Field}
		}
		return x
	})
}

// Properties implements Node.
func (j *Join) Properties() Properties {
	l, r := j.Left.Properties(), j.Right.Properties()
	out := Properties{State: PerRow, Keys: j.keys(l, r)}
	adding := j.Kind == Inner || j.Kind == Semi
	switch {
	case !l.AppendOnly:
		out.Cause = l.Cause
	case !r.AppendOnly:
		out.Cause = r.Cause
	case !adding:
		out.Cause = j.String()
	default:
		out.AppendOnly = true
	}
	return out
}

// keys: a row of the left stays unique where it meets one row of the right at most,
// and the other way round; a pair is known by the keys of both, unless NULLs stand
// for one of them.
func (j *Join) keys(l, r Properties) [][]int {
	if j.Kind == Semi || j.Kind == Anti || j.Kind == Mark {
		return l.Keys
	}
	if len(j.Params) > 0 {
		return nil
	}
	width := j.Left.Schema().Len()
	equi, _ := j.Equi()
	var lcols, rcols []int
	for _, k := range equi {
		if exactKey(k.Left.Type()) {
			lcols, rcols = append(lcols, columnOf(k.Left)), append(rcols, columnOf(k.Right))
		}
	}
	var out [][]int
	if j.Kind == Inner || j.Kind == Left {
		if r.HasKeyIn(rcols) {
			out = append(out, l.Keys...)
		}
	}
	if j.Kind == Inner || j.Kind == Right {
		if l.HasKeyIn(lcols) {
			out = append(out, shiftKeys(r.Keys, width)...)
		}
	}
	if len(out) > 0 || j.Kind != Inner {
		return out
	}
	for _, a := range l.Keys {
		for _, b := range shiftKeys(r.Keys, width) {
			out = append(out, slices.Concat(a, b))
		}
	}
	return out
}

// exactKey reports that = is identity on a type: of floats, NaN is no value's equal.
func exactKey(t types.Type) bool { return !t.IsFloat() }

func shiftKeys(keys [][]int, by int) [][]int {
	out := make([][]int, len(keys))
	for i, k := range keys {
		for _, c := range k {
			out[i] = append(out[i], c+by)
		}
	}
	return out
}
