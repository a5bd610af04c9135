package planner

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/lower"
	"github.com/sqlstream/sqlstream/planner/stored"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Stored writes the query's plan, to be kept beside its text.
func (q *Query) Stored() ([]byte, error) {
	return stored.Encode(stored.Plan{Bound: q.Bound, Optimised: q.Optimised, Fired: q.Fired, States: q.stateNames()})
}

// FromStored reads a plan and lowers it; no rule touches it, so that its state has the names
// that it had. An error says what the plan rests on that is no more: a table that has changed, a
// function that is gone.
func (p *Planner) FromStored(data []byte) (*Query, error) {
	s, err := stored.Decode(data, stored.Env{Functions: p.Functions, Relation: p.Bind().Relation})
	if err != nil {
		return nil, err
	}
	if err := lower.Check(s.Optimised); err != nil {
		return nil, err
	}
	q := &Query{Bound: s.Bound, Optimised: s.Optimised, Fired: s.Fired, workers: p.Workers}
	q.lower()
	if names := q.stateNames(); !slices.Equal(names, s.States) {
		return nil, fmt.Errorf("this version of sqlstream would not find the query's state: it calls it %s, and it is kept as %s; go on with the version that kept it, or DROP the query and create it again",
			strings.Join(names, " "), strings.Join(s.States, " "))
	}
	return q, nil
}

// stateNames lists the names of the query's state, in order, without what is in addition where
// there are several workers.
func (q *Query) stateNames() []string {
	var out []string
	for _, s := range q.States {
		if !strings.HasSuffix(s.Name, lower.Partial) {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

// maxChecked is the longest text of a plan that is read again to be compared: of very long ones
// what they print takes long.
const maxChecked = 64 << 10

// lasts checks that a query survives being stored, and so do its final rows: read again it is the
// same in all that can be told of it.
func (p *Planner) lasts(q *Query) error {
	data, err := q.Stored()
	if err != nil || len(data) > maxChecked {
		return err
	}
	back, err := p.FromStored(data)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, data)
	}
	if was, is := q.essence(), back.essence(); was != is {
		return fmt.Errorf("stored and read again, a plan is another one:\n%s\nis now\n%s", was, is)
	}
	if again, err := back.Stored(); err != nil || !bytes.Equal(again, data) {
		return fmt.Errorf("stored again, a plan is another text: %v\n%s\nis now\n%s", err, data, again)
	}
	other := *p
	other.Workers = 3 - min(p.Workers, 2) // state has the same names
	if _, err := other.FromStored(data); err != nil {
		return fmt.Errorf("with %d workers: %w\n%s", other.Workers, err, data)
	}
	if final, ok := q.Final(); ok && !q.Props.AppendOnly {
		return p.lasts(final)
	}
	return nil
}

// essence is all that a query is, as text.
func (q *Query) essence() string {
	var b strings.Builder
	b.WriteString(q.Explain(Everything))
	fmt.Fprintln(&b, q.Schema, q.Visible(), q.Props, q.Sort, q.Fired)
	for _, c := range slices.Sorted(maps.Keys(q.Watermarks)) {
		fmt.Fprintln(&b, c, q.Watermarks[c])
	}
	for _, l := range q.Leaves {
		fmt.Fprintln(&b, l.Scan, l.Scan.Columns, l.Rows)
	}
	for _, s := range q.States {
		fmt.Fprintln(&b, s.Name, s.Node, s.Plan)
	}
	prints(&b, q.Optimised)
	return b.String()
}

// prints writes the fingerprint of each node below n, and returns that of n.
func prints(b *strings.Builder, n logical.Node) string {
	var ins []string
	for _, in := range n.Inputs() {
		ins = append(ins, prints(b, in))
	}
	f := logical.Fingerprint(n, ins)
	b.WriteString(f + "\n")
	return f
}

// StoredSchema reads the columns of a plan that is not to be run, nor compared with what its
// tables are now.
func StoredSchema(data []byte, functions *function.Registry) (*types.Schema, error) {
	s, err := stored.Decode(data, stored.Env{Functions: functions})
	if err != nil {
		return nil, err
	}
	return s.Optimised.Schema(), nil
}
