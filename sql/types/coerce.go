package types

// DecimalDigits returns the DECIMAL that holds every value of an exact numeric
// type, false for other types.
func DecimalDigits(t Type) (Type, bool) {
	switch t.Kind {
	case Decimal:
		return t, true
	case Boolean:
		return DecimalOf(1, 0), true
	case TinyInt, UTinyInt:
		return DecimalOf(3, 0), true
	case SmallInt, USmallInt:
		return DecimalOf(5, 0), true
	case Int, UInt:
		return DecimalOf(10, 0), true
	case BigInt:
		return DecimalOf(19, 0), true
	case UBigInt:
		return DecimalOf(20, 0), true
	}
	return Type{}, false
}

// capped keeps a DECIMAL within 38 digits: the scale gives way first, but not
// below six digits or what it was.
func capped(precision, scale int) Type {
	if precision > MaxPrecision {
		scale = max(min(scale, MinDivScale), scale-(precision-MaxPrecision))
		precision = MaxPrecision
	}
	return DecimalOf(precision, scale)
}

// divIncrement is how many digits a quotient has more than its dividend (MySQL's
// div_precision_increment).
const divIncrement = 4

// An ArithOp is an arithmetic operator as far as result types go.
type ArithOp uint8

// The operators.
const (
	OpAdd ArithOp = iota
	OpSub
	OpMul
	OpDiv
	OpIntDiv
	OpMod
)

// Arithmetic returns the type that both operands of an arithmetic operator are
// converted to and the type of its result, by MySQL's rules; false where a type
// is not numeric. A DECIMAL operand keeps its own precision and scale.
func Arithmetic(op ArithOp, l, r Type) (left, right, result Type, ok bool) {
	if l.Kind == Null {
		l = r
	}
	if r.Kind == Null {
		r = l
	}
	if l.Kind == Null {
		l, r = Of(BigInt), Of(BigInt)
	}
	if l.IsFloat() && (r.IsNumeric() || r.Kind == Boolean) || r.IsFloat() && (l.IsNumeric() || l.Kind == Boolean) {
		d := Of(Double)
		if op == OpIntDiv {
			return d, d, Of(BigInt), true
		}
		return d, d, d, true
	}
	ld, ok1 := DecimalDigits(l)
	rd, ok2 := DecimalDigits(r)
	if !ok1 || !ok2 {
		return Type{}, Type{}, Type{}, false
	}
	if l.Kind != Decimal && r.Kind != Decimal && op != OpDiv {
		lu, ru := l.Kind == UBigInt, r.Kind == UBigInt
		switch {
		case lu && ru:
			u := Of(UBigInt)
			return u, u, u, true
		case !lu && !ru:
			b := Of(BigInt)
			return b, b, b, true
		case op == OpIntDiv:
			return ld, rd, DecimalOf(20, 0), true
		}
	}
	return ld, rd, decimalResult(op, ld, rd), true
}

func decimalResult(op ArithOp, l, r Type) Type {
	switch op {
	case OpMul:
		return capped(l.Precision+r.Precision, l.Scale+r.Scale)
	case OpDiv:
		return capped(l.Precision+r.Scale+divIncrement, l.Scale+divIncrement)
	case OpIntDiv:
		return Of(BigInt)
	}
	scale := max(l.Scale, r.Scale)
	whole := max(l.Precision-l.Scale, r.Precision-r.Scale)
	if op == OpMod {
		return capped(whole+scale, scale)
	}
	return capped(whole+scale+1, scale)
}

// Comparable returns the type that two values are compared in, false where a
// comparison makes no sense or needs the user's CAST.
func Comparable(l, r Type) (Type, bool) {
	switch {
	case l.Kind == Null:
		return r, true
	case r.Kind == Null || l.Equal(r):
		return l, true
	case l.IsText() && r.IsText():
		return Of(Varchar), true
	case l.Kind == r.Kind && l.Kind == Binary, l.Kind == Binary && r.Kind == Varchar, l.Kind == Varchar && r.Kind == Binary:
		return Of(Binary), true
	case l.Kind == Time && r.Kind == Time:
		return Type{Kind: Time, Precision: max(l.Precision, r.Precision)}, true
	case (l.Kind == Date || l.Kind == Timestamp) && (r.Kind == Date || r.Kind == Timestamp):
		return laterZoned(l, r), true
	case l.IsNested() && l.Kind == r.Kind:
		return l.with(r, func(a, b Type) (Type, bool) { return Common(a, b) })
	}
	if !numberLike(l) || !numberLike(r) {
		return Type{}, false
	}
	if l.IsFloat() || r.IsFloat() {
		return Of(Double), true
	}
	ld, _ := DecimalDigits(l)
	rd, _ := DecimalDigits(r)
	if l.Kind == Decimal || r.Kind == Decimal || (l.Kind == UBigInt) != (r.Kind == UBigInt) {
		scale := max(ld.Scale, rd.Scale)
		return capped(max(ld.Precision-ld.Scale, rd.Precision-rd.Scale)+scale, scale), true
	}
	if l.Kind == UBigInt {
		return l, true
	}
	return Of(BigInt), true
}

// laterZoned is the TIMESTAMP of two times; it has a zone where one of them has.
func laterZoned(l, r Type) Type {
	out := TimestampOf(max(l.Precision, r.Precision))
	for _, t := range []Type{l, r} {
		if t.Zoned {
			out.Zoned, out.Zone = true, t.Zone
		}
	}
	return out
}

func numberLike(t Type) bool { return t.IsNumeric() || t.Kind == Boolean }

// Common returns the type of a CASE, COALESCE or UNION column whose branches have
// the types given: as for a comparison, or VARCHAR where one of them is text.
func Common(ts ...Type) (Type, bool) {
	out := Of(Null)
	for _, t := range ts {
		c, ok := Comparable(out, t)
		if !ok {
			bytes := out.Kind == Binary || t.Kind == Binary // of which not all are text
			if (out.IsText() || t.IsText()) && !bytes && !out.IsNested() && !t.IsNested() {
				c, ok = Of(Varchar), true
			}
		}
		if !ok {
			return Type{}, false
		}
		if c.Kind == Varchar && out.Kind == Varchar && t.Kind == Varchar {
			c.Length = 0
		}
		out = c
	}
	return out, true
}

// CanCast reports whether CAST from one type to another is defined at all.
func CanCast(from, to Type) bool {
	switch {
	case from.Kind == Null || from.Equal(to):
		return true
	case from.Kind == Interval || to.Kind == Interval || to.Kind == Null:
		return false
	case from.IsNested() && from.Kind == to.Kind:
		return every(from, to, CanCast)
	case from.IsNested() || to.IsNested(): // the text of it is JSON
		return from.IsText() || to.IsText()
	case from.IsText() || to.IsText() || from.Kind == Binary && to.Kind == Binary:
		return true
	case from.Kind == Binary || to.Kind == Binary:
		return false
	case numberLike(from) && numberLike(to):
		return true
	case from.Kind == Date || from.Kind == Timestamp:
		return to.Kind == Date || to.Kind == Timestamp || to.Kind == Time && from.Kind == Timestamp
	}
	return from.Kind == to.Kind
}

// Implicit reports whether a value of one type may stand, without a CAST, where
// the other is wanted: an argument of a function or a column of a sink.
func Implicit(from, to Type) bool {
	switch {
	case from.Kind == Null || from.Equal(to):
		return true
	case from.IsNested() && from.Kind == to.Kind:
		return every(from, to, Implicit)
	case numberLike(from) && to.IsNumeric():
		return true
	case from.IsText() && to.IsText(), from.Kind == Varchar && to.Kind == Binary, from.Kind == Binary && to.Kind == Binary:
		return true
	case from.Kind == Date && to.Kind == Timestamp, from.Kind == Timestamp && to.Kind == Timestamp, from.Kind == Time && to.Kind == Time:
		return true
	}
	return false
}

// with puts f of the parts of two nested types of one kind together, false where a part
// has none.
func (t Type) with(o Type, f func(a, b Type) (Type, bool)) (Type, bool) {
	part := func(a, b *Type) (*Type, bool) {
		if a == nil || b == nil {
			return nil, a == b
		}
		c, ok := f(*a, *b)
		return &c, ok
	}
	var ok1, ok2 bool
	t.Key, ok1 = part(t.Key, o.Key)
	t.Elem, ok2 = part(t.Elem, o.Elem)
	if !ok1 || !ok2 || len(t.Fields) != len(o.Fields) {
		return Type{}, false
	}
	fields := make([]Field, len(t.Fields))
	for i, x := range t.Fields {
		c, ok := f(x.Type, o.Fields[i].Type)
		if !ok {
			return Type{}, false
		}
		fields[i] = Field{Name: x.Name, Type: c}
	}
	if t.Kind == Row {
		t.Fields = fields
	}
	return t, true
}

// every reports that f holds for the parts of two nested types of one kind.
func every(from, to Type, f func(from, to Type) bool) bool {
	_, ok := from.with(to, func(a, b Type) (Type, bool) { return b, f(a, b) })
	return ok
}
