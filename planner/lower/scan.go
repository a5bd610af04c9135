package lower

import (
	"slices"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// scan reads a relation. What arrives otherwise than as changes of what the relation
// holds is made into that, beside the columns that are wanted from those by which rows
// are known.
func (l *lowering) scan(x *logical.Scan, print *print) exec.Plan {
	switch x.Relation.Arrival {
	case logical.ByKey:
		in, keys := l.beside(x, x.Relation.Keys[0])
		if l.workers > 1 { // the rows of one key meet
			in = &exec.Exchange{Input: in, Keys: keys}
		}
		return head(l.name(print, &exec.Upsert{Input: in, Keys: keys}), x)
	case logical.Whole:
		in := l.leaf(x)
		if l.workers > 1 { // behind the row that begins it
			in = &exec.Exchange{Input: in}
		}
		return l.name(print, &exec.Reread{Input: in})
	case logical.Unchecked:
		in, _ := l.beside(x, x.Relation.Stored)
		if l.workers > 1 {
			in = byAll(in)
		}
		return head(l.name(print, &exec.Net{Input: in}), x)
	}
	return l.leaf(x)
}

func (l *lowering) leaf(x *logical.Scan) exec.Plan {
	s := &exec.Scan{Table: x.Relation.Name, Columns: x.Columns, Out: x.Schema()}
	l.leaves = append(l.leaves, Leaf{Scan: s, Relation: x.Relation})
	return s
}

// beside reads columns of a relation beside those that are wanted, and returns where
// they stand.
func (l *lowering) beside(x *logical.Scan, columns []int) (exec.Plan, []int) {
	whole := &logical.Scan{Relation: x.Relation, Columns: slices.Clone(x.Columns)}
	var at []int
	for _, c := range columns {
		i := slices.Index(whole.Columns, c)
		if i < 0 {
			i = len(whole.Columns)
			whole.Columns = append(whole.Columns, c)
		}
		at = append(at, i)
	}
	return l.leaf(whole), at
}

// head keeps the columns of a scan, which come first.
func head(in exec.Plan, x *logical.Scan) exec.Plan {
	if in.Schema().Len() == len(x.Columns) {
		return in
	}
	p := &exec.Project{Input: in, Out: x.Schema()}
	for i, f := range p.Out.Fields {
		p.Exprs = append(p.Exprs, &expr.Column{Index: i, Field: f})
	}
	return p
}
