package expr

import "github.com/sqlstream/sqlstream/sql/types"

var boolean = types.Of(types.Boolean)

// Type implements Expr.
func (e *Column) Type() types.Type { return e.Field.Type }

// Type implements Expr.
func (e *Literal) Type() types.Type { return e.T }

// Type implements Expr.
func (e *Compare) Type() types.Type { return boolean }

// Type implements Expr.
func (e *Arith) Type() types.Type { return e.T }

// Type implements Expr.
func (e *Neg) Type() types.Type { return e.Arg.Type() }

// Type implements Expr.
func (e *BitNot) Type() types.Type { return types.Of(types.UBigInt) }

// Type implements Expr.
func (e *And) Type() types.Type { return boolean }

// Type implements Expr.
func (e *Or) Type() types.Type { return boolean }

// Type implements Expr.
func (e *Not) Type() types.Type { return boolean }

// Type implements Expr.
func (e *IsNull) Type() types.Type { return boolean }

// Type implements Expr.
func (e *IsTruth) Type() types.Type { return boolean }

// Type implements Expr.
func (e *In) Type() types.Type { return boolean }

// Type implements Expr.
func (e *Like) Type() types.Type { return boolean }

// Type implements Expr.
func (e *Regexp) Type() types.Type { return boolean }

// Type implements Expr.
func (e *Case) Type() types.Type { return e.T }

// Type implements Expr.
func (e *Cast) Type() types.Type { return e.To }

// Type implements Expr.
func (e *Call) Type() types.Type { return e.T }

// NotNull implements Expr.
func (e *Column) NotNull() bool { return e.Field.NotNull }

// NotNull implements Expr.
func (e *Literal) NotNull() bool { return e.Value != nil }

// NotNull implements Expr.
func (e *Compare) NotNull() bool { return e.Op == NullSafeEq || e.L.NotNull() && e.R.NotNull() }

// NotNull implements Expr. A quotient or remainder is NULL where the divisor is 0.
func (e *Arith) NotNull() bool {
	return e.Op != Div && e.Op != IntDiv && e.Op != Mod && e.L.NotNull() && e.R.NotNull()
}

// NotNull implements Expr.
func (e *Neg) NotNull() bool { return e.Arg.NotNull() }

// NotNull implements Expr.
func (e *BitNot) NotNull() bool { return e.Arg.NotNull() }

// NotNull implements Expr.
func (e *And) NotNull() bool { return allNotNull(e.Args) }

// NotNull implements Expr.
func (e *Or) NotNull() bool { return allNotNull(e.Args) }

// NotNull implements Expr.
func (e *Not) NotNull() bool { return e.Arg.NotNull() }

// NotNull implements Expr.
func (e *IsNull) NotNull() bool { return true }

// NotNull implements Expr.
func (e *IsTruth) NotNull() bool { return true }

// NotNull implements Expr.
func (e *In) NotNull() bool { return e.Arg.NotNull() && allNotNull(e.List) }

// NotNull implements Expr.
func (e *Like) NotNull() bool { return e.Arg.NotNull() && e.Pattern.NotNull() }

// NotNull implements Expr.
func (e *Regexp) NotNull() bool { return e.Arg.NotNull() && e.Pattern.NotNull() }

// NotNull implements Expr.
func (e *Case) NotNull() bool {
	for _, w := range e.Whens {
		if !w.Then.NotNull() {
			return false
		}
	}
	return e.Else != nil && e.Else.NotNull()
}

// NotNull implements Expr.
func (e *Cast) NotNull() bool { return !e.Try && e.Arg.NotNull() }

// NotNull implements Expr.
func (e *Call) NotNull() bool { return false }

func allNotNull(es []Expr) bool {
	for _, e := range es {
		if !e.NotNull() {
			return false
		}
	}
	return true
}

// Children implements Expr.
func (e *Column) Children() []Expr { return nil }

// Children implements Expr.
func (e *Literal) Children() []Expr { return nil }

// Children implements Expr.
func (e *Compare) Children() []Expr { return []Expr{e.L, e.R} }

// Children implements Expr.
func (e *Arith) Children() []Expr { return []Expr{e.L, e.R} }

// Children implements Expr.
func (e *Neg) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *BitNot) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *And) Children() []Expr { return e.Args }

// Children implements Expr.
func (e *Or) Children() []Expr { return e.Args }

// Children implements Expr.
func (e *Not) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *IsNull) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *IsTruth) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *In) Children() []Expr { return append([]Expr{e.Arg}, e.List...) }

// Children implements Expr.
func (e *Like) Children() []Expr { return []Expr{e.Arg, e.Pattern} }

// Children implements Expr.
func (e *Regexp) Children() []Expr { return []Expr{e.Arg, e.Pattern} }

// Children implements Expr: conditions and branches in turn, then ELSE if any.
func (e *Case) Children() []Expr {
	var out []Expr
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	if e.Else != nil {
		out = append(out, e.Else)
	}
	return out
}

// Children implements Expr.
func (e *Cast) Children() []Expr { return []Expr{e.Arg} }

// Children implements Expr.
func (e *Call) Children() []Expr { return e.Args }

// WithChildren implements Expr.
func (e *Column) WithChildren([]Expr) Expr { return e }

// WithChildren implements Expr.
func (e *Literal) WithChildren([]Expr) Expr { return e }

// WithChildren implements Expr.
func (e *Compare) WithChildren(c []Expr) Expr { return &Compare{e.Op, c[0], c[1]} }

// WithChildren implements Expr.
func (e *Arith) WithChildren(c []Expr) Expr { return &Arith{e.Op, c[0], c[1], e.T} }

// WithChildren implements Expr.
func (e *Neg) WithChildren(c []Expr) Expr { return &Neg{c[0]} }

// WithChildren implements Expr.
func (e *BitNot) WithChildren(c []Expr) Expr { return &BitNot{c[0]} }

// WithChildren implements Expr.
func (e *And) WithChildren(c []Expr) Expr { return &And{c} }

// WithChildren implements Expr.
func (e *Or) WithChildren(c []Expr) Expr { return &Or{c} }

// WithChildren implements Expr.
func (e *Not) WithChildren(c []Expr) Expr { return &Not{c[0]} }

// WithChildren implements Expr.
func (e *IsNull) WithChildren(c []Expr) Expr { return &IsNull{c[0], e.Negated} }

// WithChildren implements Expr.
func (e *IsTruth) WithChildren(c []Expr) Expr { return &IsTruth{c[0], e.Want, e.Negated} }

// WithChildren implements Expr.
func (e *In) WithChildren(c []Expr) Expr { return &In{c[0], c[1:], e.Negated} }

// WithChildren implements Expr.
func (e *Like) WithChildren(c []Expr) Expr {
	return &Like{c[0], c[1], e.Escape, e.Fold, e.Negated}
}

// WithChildren implements Expr.
func (e *Regexp) WithChildren(c []Expr) Expr { return &Regexp{c[0], c[1], e.Negated} }

// WithChildren implements Expr.
func (e *Case) WithChildren(c []Expr) Expr {
	out := &Case{T: e.T, Whens: make([]When, len(e.Whens))}
	for i := range e.Whens {
		out.Whens[i] = When{c[2*i], c[2*i+1]}
	}
	if e.Else != nil {
		out.Else = c[len(c)-1]
	}
	return out
}

// WithChildren implements Expr.
func (e *Cast) WithChildren(c []Expr) Expr { return &Cast{c[0], e.To, e.Try, e.Implicit} }

// WithChildren implements Expr.
func (e *Call) WithChildren(c []Expr) Expr { return &Call{e.Func, e.Overload, c, e.T, e.Draw} }
