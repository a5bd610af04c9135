package expr

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/internal/jsonpath"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// castNode converts row by row into a builder. Conversions that only widen have a
// loop of their own.
type castNode struct {
	arg   node
	from  types.Type
	to    types.Type
	try   bool
	fails failure
	out   *vec.Builder
	text  []byte
	clock types.Clock // of the one type that is shown in a zone
}

func compileCast(x *Cast, arg node, fails failure) node {
	if x.Try {
		fails.errNull = true
	}
	if x.Arg.Type().IsNested() && x.To.IsNested() {
		return compileNestedCast(x, arg, fails)
	}
	n := &castNode{arg: arg, from: x.Arg.Type(), to: x.To, try: x.Try, fails: fails, out: vec.NewBuilder(x.To)}
	if n.from.Zoned {
		n.clock = types.NewClock(n.from.Zone)
	} else {
		n.clock = types.NewClock(n.to.Zone)
	}
	return n
}

func (n *castNode) eval(f *frame, sel []int32) (*vec.Vec, error) {
	a, err := n.arg.eval(f, sel)
	if err != nil {
		return nil, err
	}
	if n.from.Kind == types.Null {
		return vec.NullConst(n.to, f.b.Len), nil
	}
	if n.from.Zoned {
		a = a.Retyped(n.from) // its text is that of its zone
	}
	if v := n.widen(f, a); v != nil {
		return v, nil
	}
	n.out.Reset()
	rows := a.Rows()
	if a.Const && sel != nil && len(sel) == 0 {
		return vec.NullConst(n.to, f.b.Len), nil
	}
	pick := sel
	if a.Const {
		pick = nil
	}
	next := 0
	for i := range rows {
		if pick != nil {
			if next >= len(pick) || int(pick[next]) != i {
				n.out.AppendNull()
				continue
			}
			next++
		}
		if a.IsNull(i) {
			n.out.AppendNull()
			continue
		}
		if err := n.row(a, i); err != nil {
			if !n.fails.errNull {
				return nil, &Error{n.fails.expr.String(), err}
			}
			n.out.AppendNull()
		}
	}
	out := *n.out.Vec()
	out.Const, out.Len = a.Const, f.b.Len
	return &out, nil
}

// widen converts whole columns where no value can be lost; nil where it cannot.
func (n *castNode) widen(f *frame, a *vec.Vec) *vec.Vec {
	fl, tl := n.from.Layout(), n.to.Layout()
	switch {
	case n.from.Kind == types.Timestamp && n.to.Kind == types.Timestamp && n.from.Zoned != n.to.Zoned:
		return n.zoned(f, a)
	case fl == tl && n.from.Kind == n.to.Kind && fl != types.Int128 && fl != types.Bytes && n.from.Precision <= n.to.Precision:
		return a.Retyped(n.to)
	case fl == types.Bytes && tl == types.Bytes && !n.from.IsNested() && !n.to.IsNested() && n.to.Length == 0 && n.to.Kind != types.JSON && (n.from.Kind != types.Binary || n.to.Kind == types.Binary):
		return a.Retyped(n.to)
	case n.from.IsNumeric() && n.to.Kind == types.BigInt && !n.from.IsFloat() && n.from.Kind != types.Decimal && n.from.Kind != types.UBigInt:
		out := result(f, n.to, a, a)
		widenTo(vec.Slice[int64](out), a)
		return out
	case n.from.IsNumeric() && n.to.Kind == types.Double && n.from.Kind != types.Decimal:
		out := result(f, n.to, a, a)
		widenTo(vec.Slice[float64](out), a)
		return out
	case n.from.Kind == types.BigInt && n.to.Kind == types.Decimal && n.to.Scale == 0 && n.to.Precision >= 19:
		out := result(f, n.to, a, a)
		x, z := vec.Slice[int64](a), vec.Slice[vec.Decimal](out)
		for i := range z {
			z[i] = decimal128.FromI64(x[i])
		}
		return out
	case n.from.Kind == types.Decimal && n.from.Scale == 0 && n.to.Kind == types.BigInt: // a SUM of integers
		out := result(f, n.to, a, a)
		x, z := vec.Slice[vec.Decimal](a), vec.Slice[int64](out)
		for i := range z {
			if z[i] = int64(x[i].LowBits()); x[i].HighBits() != z[i]>>63 {
				return nil
			}
		}
		return out
	}
	return nil
}

func widenTo[T int64 | float64](z []T, a *vec.Vec) {
	switch a.Type.Layout() {
	case types.Int8:
		convert[int8](z, a)
	case types.Int16:
		convert[int16](z, a)
	case types.Int32:
		convert[int32](z, a)
	case types.Int64:
		convert[int64](z, a)
	case types.Uint8:
		convert[uint8](z, a)
	case types.Uint16:
		convert[uint16](z, a)
	case types.Uint32:
		convert[uint32](z, a)
	case types.Uint64:
		convert[uint64](z, a)
	case types.Float32:
		convert[float32](z, a)
	}
}

func convert[F ordered, T int64 | float64](z []T, a *vec.Vec) {
	x := vec.Slice[F](a)
	for i := range z {
		z[i] = T(x[i])
	}
}

// row appends the converted value of one row.
func (n *castNode) row(a *vec.Vec, i int) error {
	if n.to.IsText() || n.to.Kind == types.Binary {
		return n.toText(a, i)
	}
	if n.from.Layout() == types.Bytes {
		return n.fromText(a, i)
	}
	at := a.At(i)
	switch n.to.Kind {
	case types.Date:
		n.toDate(vec.Int(a, at))
		return nil
	case types.Timestamp, types.Time:
		return n.toTime(a, at)
	case types.Boolean:
		n.out.AppendBool(n.truth(a, i))
		return nil
	}
	return n.toNumber(a, i)
}

func (n *castNode) truth(a *vec.Vec, i int) bool {
	at := a.At(i)
	switch a.Type.Layout() {
	case types.Bits:
		return a.Bool(i)
	case types.Float32:
		return vec.Slice[float32](a)[at] != 0
	case types.Float64:
		return vec.Slice[float64](a)[at] != 0
	case types.Int128:
		return vec.Slice[vec.Decimal](a)[at].Sign() != 0
	}
	if a.Type.IsUnsigned() {
		return vec.Uint(a, at) != 0
	}
	return vec.Int(a, at) != 0
}

func (n *castNode) toText(a *vec.Vec, i int) error {
	n.text = n.text[:0]
	if a.Type.Layout() == types.Bytes && !n.from.IsNested() {
		n.text = append(n.text, a.Bytes(i)...)
	} else {
		n.text = vec.AppendText(n.text, a, i)
	}
	switch {
	case n.to.Kind == types.JSON && n.from.IsTemporal(): // a string of JSON, as in MySQL
		n.text = append(append([]byte{'"'}, n.text...), '"')
	case n.to.Kind == types.JSON:
		if !jsonpath.Valid(n.text) {
			return errors.New("the text is not valid JSON")
		}
	case n.to.Kind == types.Binary:
		if n.to.Length > 0 && len(n.text) > n.to.Length {
			return fmt.Errorf("%d bytes are too long for %s", len(n.text), n.to)
		}
	case n.from.Kind == types.Binary && !utf8.Valid(n.text):
		return errors.New("the bytes are not valid UTF-8")
	case n.to.Length > 0 && len(n.text) > n.to.Length && utf8.RuneCount(n.text) > n.to.Length:
		// An explicit CAST cuts, as in MySQL; a column that is too narrow refuses.
		if c, ok := n.fails.expr.(*Cast); ok && c.Implicit {
			return fmt.Errorf("%d characters are too long for %s", utf8.RuneCount(n.text), n.to)
		}
		end := 0
		for range n.to.Length {
			_, w := utf8.DecodeRune(n.text[end:])
			end += w
		}
		n.text = n.text[:end]
	}
	n.out.AppendBytes(n.text)
	return nil
}

func (n *castNode) fromText(a *vec.Vec, i int) error {
	if n.from.Kind == types.JSON && !n.to.IsNested() {
		return n.fromJSON(a.Bytes(i))
	}
	return n.fromString(a.Str(i))
}

// fromString appends what a text says, without the blanks around it.
func (n *castNode) fromString(s string) error {
	s = trimBlanks(s)
	if n.to.IsInteger() {
		d, err := types.ParseDecimal(s, types.MaxPrecision, 0)
		// A number in JSON is rounded as every number that becomes an integer. Of the text
		// '1.7' MySQL takes the 1 with a warning, and so it is none.
		if err != nil || n.from.Kind != types.JSON && !isWhole(s) {
			return fmt.Errorf("'%s' is not a %s", s, n.to)
		}
		return n.integer(d, func() string { return "'" + s + "'" })
	}
	if n.to.IsTemporal() {
		return n.timeText(s)
	}
	if err := vec.ParseText(n.out, s); err != nil {
		return err
	}
	return nil
}

// isWhole reports a sign or none and digits.
func isWhole(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	for _, c := range []byte(s) {
		if c-'0' > 9 {
			return false
		}
	}
	return s != ""
}

func trimBlanks(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t' || s[len(s)-1] == '\n' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}

func (n *castNode) toNumber(a *vec.Vec, i int) error {
	at := a.At(i)
	show := func() string { return string(vec.AppendText(nil, a, i)) }
	if n.to.IsFloat() {
		var v float64
		switch {
		case a.Type.Layout() == types.Bits:
			if a.Bool(i) {
				v = 1
			}
		case a.Type.Kind == types.Decimal:
			v = types.DecimalFloat(vec.Slice[vec.Decimal](a)[at], a.Type.Scale)
		case a.Type.Kind == types.Double:
			v = vec.Slice[float64](a)[at]
		case a.Type.Kind == types.Float:
			v = float64(vec.Slice[float32](a)[at])
		case a.Type.IsUnsigned():
			v = float64(vec.Uint(a, at))
		default:
			v = float64(vec.Int(a, at))
		}
		if n.to.Kind == types.Float {
			if math.Abs(v) > math.MaxFloat32 {
				return fmt.Errorf("%s is out of range of FLOAT", show())
			}
			vec.Append(n.out, float32(v))
			return nil
		}
		vec.Append(n.out, v)
		return nil
	}
	scale := 0
	if n.to.Kind == types.Decimal {
		scale = n.to.Scale
	}
	d, ok := n.exact(a, i, scale)
	if !ok {
		return fmt.Errorf("%s is out of range of %s", show(), n.to)
	}
	if n.to.Kind == types.Decimal {
		if !types.DecimalFits(d, n.to.Precision) {
			return fmt.Errorf("%s is out of range of %s", show(), n.to)
		}
		vec.Append(n.out, d)
		return nil
	}
	return n.integer(d, show)
}

// exact returns a number as an unscaled value at the scale given.
func (n *castNode) exact(a *vec.Vec, i, scale int) (vec.Decimal, bool) {
	at := a.At(i)
	switch {
	case a.Type.Layout() == types.Bits:
		if a.Bool(i) {
			return types.Rescale(types.DecimalFromInt(1), 0, scale)
		}
		return vec.Decimal{}, true
	case a.Type.Kind == types.Decimal:
		return types.Rescale(vec.Slice[vec.Decimal](a)[at], a.Type.Scale, scale)
	case a.Type.IsFloat():
		f := 0.0
		if a.Type.Kind == types.Float {
			f = float64(vec.Slice[float32](a)[at])
		} else {
			f = vec.Slice[float64](a)[at]
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return vec.Decimal{}, false
		}
		if n.to.IsInteger() {
			f = math.RoundToEven(f) // as C's rint, and so MySQL, does
		}
		size := 64
		if a.Type.Kind == types.Float {
			size = 32
		}
		d, err := types.ParseDecimal(vec.AppendFloat(nil, f, size), types.MaxPrecision, scale)
		return d, err == nil
	case a.Type.IsUnsigned():
		return types.Rescale(decimal128.FromU64(vec.Uint(a, at)), 0, scale)
	}
	return types.Rescale(types.DecimalFromInt(vec.Int(a, at)), 0, scale)
}

// integer appends a whole number to the output if it fits there.
func (n *castNode) integer(d vec.Decimal, show func() string) error {
	ok := false
	if n.to.IsUnsigned() {
		ok = d.HighBits() == 0 && vec.AppendUint(n.out, d.LowBits())
	} else {
		v := int64(d.LowBits())
		ok = d.HighBits() == v>>63 && vec.AppendInt(n.out, v)
	}
	if !ok {
		return fmt.Errorf("%s is out of range of %s", show(), n.to)
	}
	return nil
}
