package naive

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Course is one query over epochs. It is for queries whose answer depends on when their
// rows came, or on the clock: of any other each epoch's answer stands for itself.
type Course struct {
	epochs []*evaluation
	given  map[*logical.Lookup]*given
}

// Answer returns the rows of a plan, the same in every epoch, after one more epoch: in it
// the tables have become what they are now, and the clock shows a time, in microseconds
// since 1970.
func (c *Course) Answer(n logical.Node, tables Tables, now int64) ([]Row, error) {
	e := c.begin(tables, now)
	if err := e.fix(n); err != nil {
		return nil, err
	}
	return e.rows(n, nil)
}

func (c *Course) begin(tables Tables, now int64) *evaluation {
	e := &evaluation{tables: tables, selves: map[*logical.Self][]Row{}, fixed: map[*logical.Subquery][]Row{}, course: c, now: now}
	c.epochs = append(c.epochs, e)
	return e
}

// clock asks for the time. A condition on it holds at every time, and so is asked of all
// rows anew.
func (e *evaluation) clock(x *expr.Call) (any, error) {
	p, err := expr.Compile(x, false)
	if err != nil {
		return nil, err
	}
	v, err := p.Eval(&expr.Context{Mem: new(vec.Mem), Now: e.now}, &zset.Batch{Schema: types.NewSchema(), Len: 1}, nil)
	if err != nil {
		return nil, err
	}
	return expr.LiteralAt(v.Retyped(x.Type()), 0).Value, nil
}

// given is what a lookup has put beside the rows of its left input that are there.
type given struct {
	epochs int                // that it has seen
	pairs  map[string][][]Row // of equal left rows what each was given, in the order they came
}

// lookup goes through the epochs: each left row that has come is given what matches it
// at the end of its epoch, and keeps it until it goes. Of equal ones the first goes first.
func (e *evaluation) lookup(x *logical.Lookup, params Row) ([]Row, error) {
	if len(params) > 0 {
		return nil, fmt.Errorf("%w: a lookup for each row of a query around it", ErrUnknown)
	}
	c := e.course
	if c.given == nil {
		c.given = map[*logical.Lookup]*given{}
	}
	g := c.given[x]
	if g == nil {
		g = &given{pairs: map[string][][]Row{}}
		c.given[x] = g
	}
	for ; g.epochs < len(c.epochs); g.epochs++ {
		if err := c.epochs[g.epochs].give(x, g); err != nil {
			return nil, err
		}
	}
	var out []Row
	for _, rows := range g.pairs {
		out = append(out, slices.Concat(rows...)...)
	}
	return out, nil
}

// give has an epoch's left rows come and go.
func (e *evaluation) give(x *logical.Lookup, g *given) error {
	left, err := e.rows(x.Left, nil)
	if err != nil {
		return err
	}
	right, err := e.rows(x.Right, nil)
	if err != nil {
		return err
	}
	there := map[string][]Row{}
	for _, l := range left {
		k := exactKey(l)
		there[k] = append(there[k], l)
	}
	for k, pairs := range g.pairs {
		if gone := len(pairs) - len(there[k]); gone > 0 {
			g.pairs[k] = pairs[gone:]
		}
	}
	for k, rows := range there {
		for _, l := range rows[min(len(g.pairs[k]), len(rows)):] {
			pairs, err := e.found(x, l, right)
			if err != nil {
				return err
			}
			g.pairs[k] = append(g.pairs[k], pairs)
		}
	}
	return nil
}

// found are the pairs of a left row with what matches it.
func (e *evaluation) found(x *logical.Lookup, l Row, right []Row) ([]Row, error) {
	conds := x.Matches()
	var out []Row
	for _, r := range right {
		pair := slices.Concat(l, r)
		values, err := e.values(conds, pair, nil)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(values, func(v any) bool { return v != true }) {
			out = append(out, pair)
		}
	}
	if len(out) == 0 && x.Outer {
		out = []Row{slices.Concat(l, make(Row, x.Right.Schema().Len()))}
	}
	return out, nil
}
