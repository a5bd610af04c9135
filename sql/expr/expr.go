// Package expr holds resolved scalar expressions: they know their types, print
// themselves as SQL, and evaluate over whole columns at a time.
package expr

import (
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// An Expr is a resolved expression. Expressions are immutable plain data; a
// rewrite makes new ones with WithChildren.
type Expr interface {
	Type() types.Type
	// NotNull reports that the value is never NULL.
	NotNull() bool
	Children() []Expr
	WithChildren(children []Expr) Expr
	// String prints the expression as SQL. Two expressions over the same input are
	// equal exactly when they print alike.
	String() string
}

// A Column is the value of the input's column at Index.
type Column struct {
	Index int
	Field types.Field
}

// A Literal is a constant. Value is nil for NULL, and otherwise bool, int64 (all
// signed integers, DATE in days, TIME, TIMESTAMP), uint64 (unsigned integers), float64
// (FLOAT, DOUBLE), types.DecimalValue, vec.IntervalValue, or string (text and bytes).
type Literal struct {
	T     types.Type
	Value any
}

// An Op is an operator of a Compare or an Arith.
type Op uint8

// The operators.
const (
	Eq Op = iota
	Ne
	Lt
	Le
	Gt
	Ge
	NullSafeEq // <=>: never NULL, NULL equals NULL
	Add
	Sub
	Mul
	Div    // MySQL's /: DECIMAL or DOUBLE, NULL on division by zero
	IntDiv // DIV
	Mod    // %, NULL on division by zero
	BitAnd
	BitOr
	BitXor
	ShiftLeft
	ShiftRight
)

// A Compare compares two values of one type (the binder casts).
type Compare struct {
	Op   Op
	L, R Expr
}

// An Arith is MySQL's arithmetic on two values. The operands are of the type that
// the kernel works in: BIGINT, BIGINT UNSIGNED, DECIMAL of any scales, DOUBLE; or
// a TIMESTAMP or DATE and an INTERVAL. Operators on bits take a BIGINT of either kind on
// each side and give a BIGINT UNSIGNED.
type Arith struct {
	Op   Op
	L, R Expr
	T    types.Type
}

// Neg is unary minus; its type is the operand's (BIGINT, DECIMAL, DOUBLE).
type Neg struct{ Arg Expr }

// BitNot is ~ on the bits of a BIGINT, signed or not.
type BitNot struct{ Arg Expr }

// And is three-valued conjunction; arguments are tested in order and a later one
// raises no error on rows that an earlier one made false.
type And struct{ Args []Expr }

// Or is three-valued disjunction, in order as And.
type Or struct{ Args []Expr }

// Not is three-valued negation.
type Not struct{ Arg Expr }

// IsNull tests for NULL; with Negated, for a value.
type IsNull struct {
	Arg     Expr
	Negated bool
}

// IsTruth is IS [NOT] TRUE or FALSE: never NULL.
type IsTruth struct {
	Arg     Expr
	Want    bool
	Negated bool
}

// In tests for membership with NULL rules of SQL. All are of one type.
type In struct {
	Arg     Expr
	List    []Expr
	Negated bool
}

// Like matches a pattern with % and _.
type Like struct {
	Arg, Pattern Expr
	Escape       byte // '\\' where nothing else is said
	Fold         bool // ILIKE: letter case is ignored
	Negated      bool
}

// Regexp searches a regular expression (RE2 syntax).
type Regexp struct {
	Arg, Pattern Expr
	Negated      bool
}

// A Case is CASE WHEN: conditions are tested in order; a branch is evaluated only
// on its rows. IF, COALESCE, IFNULL and NULLIF are this too.
type Case struct {
	Whens []When
	Else  Expr // nil: NULL
	T     types.Type
}

// A When is one branch of a Case.
type When struct{ Cond, Then Expr }

// A Cast converts to another type; Try gives NULL where the value cannot be
// converted, otherwise that is an error. Implicit marks those that the binder
// added: they print only in verbose plans.
type Cast struct {
	Arg      Expr
	To       types.Type
	Try      bool
	Implicit bool
}

// A Call is a scalar function, resolved to one of its overloads.
type Call struct {
	Func     *function.Scalar
	Overload *function.Overload
	Args     []Expr // converted to the overload's parameters
	T        types.Type
	// Draw numbers a call of a volatile function in its query. Where an expression
	// holds the same call twice, as x BETWEEN 1 AND 2 holds x, both give one value.
	Draw int
}
