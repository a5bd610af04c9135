// Package naive answers a query the plain way: row at a time over the bound logical
// plan, as it is written, with nested loops and sorts, without state, indexes or
// columns. It shares no operator with the engine, and so is what the engine is compared
// with. It is meant to be believed by reading.
package naive

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A Row is one row. A value is nil for NULL, or as expr.Literal has it.
type Row []any

// Tables are the rows of each relation by its name in lower case, each row as often as
// it is there.
type Tables map[string][]Row

// RowsOf lists the rows of a batch, each as often as its weight says.
func RowsOf(b *zset.Batch) []Row {
	var out []Row
	for i := range b.Len {
		row := make(Row, len(b.Cols))
		for c, v := range b.Cols {
			row[c] = expr.LiteralAt(v, i).Value
		}
		for range b.Weight(i) {
			out = append(out, row)
		}
	}
	return out
}

// ErrUnknown marks what the evaluator does not know.
var ErrUnknown = errors.New("the naive evaluator does not know this")

// ErrLong is the error of a query that would take too long to answer this way.
var ErrLong = errors.New("the naive evaluator has no patience for this")

// patience is how many expressions an answer may take, a second's worth.
const patience = 1_000_000

// Answer returns the rows of a plan, in no particular order. The clock shows a time, in
// microseconds since 1970.
func Answer(n logical.Node, tables Tables, now int64) ([]Row, error) {
	return new(Course).Answer(n, tables, now)
}

// An evaluation answers one query.
type evaluation struct {
	tables Tables
	selves map[*logical.Self][]Row // of recursive queries at work
	steps  int                     // expressions computed so far
	until  []any                   // the watermarks of an EmitFinal
	course *Course                 // the epochs up to this one, at its end
	now    int64                   // the epoch's clock

	// fixed are the rows of subqueries that depend on no row around them. They are
	// computed once, and first: their errors are errors of the query even where no row
	// asks for them.
	fixed map[*logical.Subquery][]Row
}

// rows answers a plan, whose parameters have the values given.
func (e *evaluation) rows(n logical.Node, params Row) ([]Row, error) {
	switch x := n.(type) {
	case *logical.Scan:
		return e.scan(x)
	case *logical.History:
		return e.versions(x)
	case *logical.Values:
		return RowsOf(x.Rows), nil
	case *logical.Self:
		return e.selves[x], nil
	case *logical.Filter:
		return e.filter(x, params)
	case *logical.Project:
		return e.project(x, params)
	case *logical.Union:
		var out []Row
		for _, in := range x.Ins {
			rows, err := e.rows(in, params)
			if err != nil {
				return nil, err
			}
			out = append(out, rows...)
		}
		return out, nil
	case *logical.Join:
		return e.join(x, params)
	case *logical.Asof:
		return e.asof(x, params)
	case *logical.Lookup:
		return e.lookup(x, params)
	case *logical.SetOp:
		return e.setOp(x, params)
	case *logical.Aggregate:
		return e.aggregate(x, params)
	case *logical.TopN:
		return e.topN(x, params)
	case *logical.Window:
		return e.window(x, params)
	case *logical.Session:
		return e.session(x, params)
	case *logical.Expand:
		return e.expand(x, params)
	case *logical.Recursive:
		return e.recursive(x, params)
	case *logical.Sort:
		return e.sort(x, params)
	case *logical.EmitFinal:
		return e.emitFinal(x, params)
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknown, n)
}

func (e *evaluation) scan(s *logical.Scan) ([]Row, error) {
	all, ok := e.tables[strings.ToLower(s.Relation.Name)]
	if !ok {
		return nil, fmt.Errorf("no rows of %s", s.Relation.Name)
	}
	out := make([]Row, len(all))
	for i, r := range all {
		for _, c := range s.Columns {
			out[i] = append(out[i], r[c])
		}
	}
	return out, nil
}

func (e *evaluation) filter(f *logical.Filter, params Row) ([]Row, error) {
	in, err := e.rows(f.Input, params)
	if err != nil {
		return nil, err
	}
	var out []Row
	for _, r := range in {
		ok, err := e.value(f.Pred, r, params)
		if err != nil {
			return nil, err
		}
		if ok == true {
			out = append(out, r)
		}
	}
	return out, nil
}

func (e *evaluation) project(p *logical.Project, params Row) ([]Row, error) {
	in, err := e.rows(p.Input, params)
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(in))
	for i, r := range in {
		if out[i], err = e.values(p.Exprs, r, params); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// join tries every pair. The right side of a dependent join is asked anew for each row
// of the left.
func (e *evaluation) join(j *logical.Join, params Row) ([]Row, error) {
	left, err := e.rows(j.Left, params)
	if err != nil {
		return nil, err
	}
	var right []Row
	if len(j.Params) == 0 {
		if right, err = e.rows(j.Right, params); err != nil {
			return nil, err
		}
	}
	matched := make([]bool, len(right))
	var out []Row
	for _, l := range left {
		if len(j.Params) > 0 {
			given, err := e.values(j.Params, l, params)
			if err != nil {
				return nil, err
			}
			if right, err = e.rows(j.Right, given); err != nil {
				return nil, err
			}
			matched = make([]bool, len(right))
		}
		pairs, mark, err := e.matches(j, l, right, matched, params)
		if err != nil {
			return nil, err
		}
		switch {
		case j.Kind == logical.Mark:
			out = append(out, slices.Concat(l, Row{mark}))
		case j.Kind == logical.Semi && len(pairs) > 0, j.Kind == logical.Anti && len(pairs) == 0:
			out = append(out, l)
		case j.Kind == logical.Semi, j.Kind == logical.Anti:
		case len(pairs) == 0 && (j.Kind == logical.Left || j.Kind == logical.Full):
			out = append(out, slices.Concat(l, make(Row, j.Right.Schema().Len())))
		default:
			out = append(out, pairs...)
		}
	}
	if j.Kind == logical.Right || j.Kind == logical.Full {
		for i, r := range right {
			if !matched[i] {
				out = append(out, slices.Concat(make(Row, j.Left.Schema().Len()), r))
			}
		}
	}
	return out, nil
}

// matches returns the pairs of a left row, and its mark.
func (e *evaluation) matches(j *logical.Join, l Row, right []Row, matched []bool, params Row) (pairs []Row, mark any, err error) {
	mark = false
	if e.steps += len(right); e.steps > patience {
		return nil, nil, ErrLong
	}
	for i, r := range right {
		pair := slices.Concat(l, r)
		if j.On != nil {
			ok, err := e.value(j.On, pair, params)
			if err != nil {
				return nil, nil, err
			}
			if ok != true {
				continue
			}
		}
		matched[i] = true
		pairs = append(pairs, pair)
		any := any(true)
		if j.Any != nil {
			if any, err = e.value(j.Any, pair, params); err != nil {
				return nil, nil, err
			}
		}
		mark = or(mark, any)
	}
	return pairs, mark, nil
}

func (e *evaluation) setOp(s *logical.SetOp, params Row) ([]Row, error) {
	left, err := e.rows(s.Left, params)
	if err != nil {
		return nil, err
	}
	right, err := e.rows(s.Right, params)
	if err != nil {
		return nil, err
	}
	have := map[string]int{}
	for _, r := range right {
		have[exactKey(r)]++
	}
	seen := map[string]bool{}
	var out []Row
	for _, l := range left {
		k := exactKey(l)
		if !s.All {
			if !seen[k] && (have[k] > 0) != s.Except {
				out = append(out, l)
			}
			seen[k] = true
			continue
		}
		there := have[k] > 0
		have[k]--
		if there != s.Except {
			out = append(out, l)
		}
	}
	return out, nil
}

// recursive adds what the step makes of the rows that came last until none come.
func (e *evaluation) recursive(x *logical.Recursive, params Row) ([]Row, error) {
	base, err := e.rows(x.Base, params)
	if err != nil {
		return nil, err
	}
	var out []Row
	seen := map[string]bool{}
	fresh := base
	for range 1001 {
		var last []Row
		for _, r := range fresh {
			if k := exactKey(r); x.All || !seen[k] {
				seen[k] = true
				last = append(last, r)
			}
		}
		if len(last) == 0 {
			return out, nil
		}
		out = append(out, last...)
		e.selves[x.Self] = last
		if fresh, err = e.rows(x.Step, params); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the recursion does not end")
}

func (e *evaluation) expand(x *logical.Expand, params Row) ([]Row, error) {
	in, err := e.rows(x.Input, params)
	if err != nil {
		return nil, err
	}
	var out []Row
	for _, r := range in {
		args, err := e.values(x.Args, r, params)
		if err != nil {
			return nil, err
		}
		made, err := called(x, args)
		if err != nil {
			return nil, err
		}
		if len(made) == 0 && x.Outer {
			made = []Row{make(Row, len(x.Func.Columns))}
		}
		for _, m := range made {
			out = append(out, slices.Concat(r, m))
		}
	}
	return out, nil
}

// Key is a text that two rows of results have in common when they count as the same.
func Key(r Row) string { return keyOf(r, Text) }

// exactKey is Key of rows within a query: there floats that hardly differ are two.
func exactKey(r Row) string {
	return keyOf(r, func(v any) string {
		if x, ok := v.(float64); ok && x != 0 {
			return fmt.Sprintf("%x", x)
		}
		return Text(v)
	})
}

func keyOf(r Row, text func(any) string) string {
	var b strings.Builder
	for _, v := range r {
		b.WriteString(text(v))
		b.WriteByte('|')
	}
	return b.String()
}

// Text prints a value so that equal ones, and only they, print alike. Floats that differ
// by less than one part in a thousand million count as equal.
func Text(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case float64:
		if x == 0 {
			x = 0
		}
		return fmt.Sprintf("%.9g", x)
	case string:
		return fmt.Sprintf("%q", x)
	case types.DecimalValue:
		return x.BigInt().String()
	}
	return fmt.Sprint(v)
}
