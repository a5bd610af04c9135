package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/planner/lower"
)

// A Reuse says what of the state of a query one can go on with that takes its place.
type Reuse struct {
	// Same says that the queries compute the same, though what they compute may have other
	// names and be shown in another order: all state is kept, and nothing is read again.
	Same bool
	Kept []lower.State // of the new query, that the old one has too
	New  []Filling     // of the new query alone
}

// A Filling says of what state that is new can be made.
type Filling struct {
	State lower.State
	// From is what the old query keeps, or a view holds, that the state can be computed of.
	From []string
	// Read are the tables that are to be read again from where the old query began: what it
	// has read of them is nowhere as it was.
	Read []*logical.Relation
	// Forgotten says what of the old query would have done, had it not forgotten.
	Forgotten []string
}

// ReuseOf compares two queries.
func ReuseOf(old, next *Query) Reuse {
	var out Reuse
	before, now := fingerprints(old.Optimised), fingerprints(next.Optimised)
	out.Same = before[computed(old.Optimised)] == now[computed(next.Optimised)]
	had := map[string]bool{}
	for _, s := range old.States {
		had[s.Name] = true
	}
	k := keeping{prints: now, kept: map[string]string{}, forgotten: map[string]string{}}
	k.query(old, before)
	for _, s := range next.States {
		if had[s.Name] {
			out.Kept = append(out.Kept, s)
			continue
		}
		f := Filling{State: s}
		if scan, ok := s.Node.(*logical.Scan); ok {
			k.find(scan, &f)
		}
		for _, in := range s.Node.Inputs() {
			k.find(in, &f)
		}
		out.New = append(out.New, f)
	}
	return out
}

// computed is a plan without how its result is shown.
func computed(n logical.Node) logical.Node {
	if s, ok := n.(*logical.Sort); ok && s.Hidden == 0 && s.Limit < 0 && s.Offset == 0 {
		return s.Input
	}
	return n
}

// fingerprints are those of a node and all below it.
func fingerprints(n logical.Node) map[logical.Node]string {
	out := map[logical.Node]string{}
	var of func(logical.Node) string
	of = func(n logical.Node) string {
		if print, ok := out[n]; ok {
			return print
		}
		var ins []string
		for _, in := range n.Inputs() {
			ins = append(ins, of(in))
		}
		out[n] = logical.Fingerprint(n, ins)
		return out[n]
	}
	of(n)
	return out
}

// keeping is what a query keeps, by the fingerprints of the nodes whose rows it is.
type keeping struct {
	prints    map[logical.Node]string // of the other query's nodes
	kept      map[string]string       // where the rows are, for people
	forgotten map[string]string       // where they were
}

// query notes what a query keeps: its result, and what operators remember of their inputs or
// of what they put out.
func (k *keeping) query(q *Query, prints map[logical.Node]string) {
	k.kept[prints[q.Optimised]], k.kept[prints[computed(q.Optimised)]] = "the result", "the result"
	for _, s := range q.States {
		ins := s.Node.Inputs()
		note := func(n logical.Node, whole bool) {
			if whole {
				k.kept[prints[n]] = s.Node.String()
			} else {
				k.forgotten[prints[n]] = s.Node.String()
			}
		}
		if exec.Inherits(s.Plan) {
			note(s.Node, true)
		}
		switch p := s.Plan.(type) {
		case *exec.Aggregate:
			note(s.Node, p.Closes == 0 && p.Forget == 0)
		case *exec.FinalAggregate:
			note(s.Node, p.Agg.Closes == 0 && p.Agg.Forget == 0)
		case *exec.Upsert, *exec.Net, *exec.Reread:
			note(s.Node, true)
		case *exec.Join:
			for i, in := range ins {
				if p.KeepsAll(i) {
					note(in, p.Expires[i].Column == 0 && p.Forget == 0)
				}
			}
		case *exec.SetOp:
			note(s.Node, p.Expires.Column == 0)
		case *exec.TopN:
			note(s.Node, p.Until == nil && p.Forget == 0)
			note(ins[0], p.Until == nil && p.Forget == 0 && (!p.AppendOnly || p.Limit < 0))
		case *exec.Window:
			note(ins[0], p.Until == nil)
		case *exec.Session:
			note(ins[0], p.Until == nil)
		case *exec.Asof:
			note(ins[0], p.Until == nil)
			note(ins[1], p.Until == nil)
		case *exec.Lookup:
			note(ins[1], true)
		}
	}
}

// find adds to f of what the rows of a node can be made.
func (k *keeping) find(n logical.Node, f *Filling) {
	print := k.prints[n]
	if where, ok := k.kept[print]; ok {
		if !slices.Contains(f.From, where) {
			f.From = append(f.From, where)
		}
		return
	}
	if where, ok := k.forgotten[print]; ok && !slices.Contains(f.Forgotten, where) {
		f.Forgotten = append(f.Forgotten, where)
	}
	switch x := n.(type) {
	case *logical.Scan:
		if !x.Relation.View {
			f.read(x.Relation)
		} else if view := x.Relation.Kind(); !slices.Contains(f.From, view) {
			f.From = append(f.From, view)
		}
	case *logical.History:
		f.read(x.Relation)
	}
	for _, in := range n.Inputs() {
		k.find(in, f)
	}
}

func (f *Filling) read(r *logical.Relation) {
	if !slices.ContainsFunc(f.Read, func(o *logical.Relation) bool { return o.Name == r.Name }) {
		f.Read = append(f.Read, r)
	}
}

// String says of what the state is made.
func (f Filling) String() string {
	out := f.State.Node.String() + ": "
	var parts []string
	if len(f.From) > 0 {
		parts = append(parts, "from "+strings.Join(f.From, ", "))
	}
	if len(f.Read) > 0 {
		tables := make([]string, len(f.Read))
		for i, r := range f.Read {
			tables[i] = r.Kind()
		}
		parts = append(parts, "reads "+strings.Join(tables, ", ")+" again")
	}
	if len(f.Forgotten) > 0 {
		parts = append(parts, "since it is forgotten what was kept by "+strings.Join(f.Forgotten, ", "))
	}
	if len(parts) == 0 {
		parts = []string{"from nothing"}
	}
	return out + strings.Join(parts, ", ")
}

// Gone is the error that a query cannot take the place of another, since of a table that it
// reads again what the other has read is there no more; how says what of it.
func (r Reuse) Gone(table, how string) error {
	for _, f := range r.New {
		if readsTable(f.State.Node, table) {
			return fmt.Errorf("%s is new and is made of all rows of table %s, of which %s", f.State.Node, table, how)
		}
	}
	return fmt.Errorf("it is made of all rows of table %s, of which %s", table, how)
}

func readsTable(n logical.Node, table string) bool {
	reads := false
	logical.Walk(n, func(n logical.Node) {
		switch x := n.(type) {
		case *logical.Scan:
			reads = reads || x.Relation.Of() == table
		case *logical.History:
			reads = reads || x.Relation.Name == table
		}
	})
	return reads
}
