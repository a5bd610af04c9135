package sqltest

import (
	"strings"

	"github.com/sqlstream/sqlstream/internal/naive"
	"github.com/sqlstream/sqlstream/internal/probe"
	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
)

// A clockUse says where a plan asks for the time.
type clockUse struct {
	conditions bool // in conditions of filters and joins, which hold at every time
	values     bool // in what a row is given when it comes
}

// clockUseOf looks for the clock in a bound plan.
func clockUseOf(n logical.Node) *clockUse {
	u := &clockUse{}
	naive.Visit(n, func(n logical.Node) {
		asked := false
		for _, e := range logical.Exprs(n) {
			asked = asked || expr.Stability(e) == function.PerEpoch
		}
		switch n.(type) {
		case *logical.Filter, *logical.Join:
			u.conditions = u.conditions || asked
		case *logical.Lookup:
			u.values = true
		default:
			u.values = u.values || asked
		}
	})
	return u
}

// clockUse looks for the clock in a query.
func (s *session) clockUse(query string) *clockUse {
	st, err := sql.ParseOne("", query)
	if err != nil {
		return &clockUse{}
	}
	inside := probe.Look(s.db)
	q, err := inside.Planner.Plan(st.(*sql.Select).Query)
	if err != nil {
		return &clockUse{} // the judges will say so
	}
	return clockUseOf(q.Bound)
}

// timeless reports that what a query is at the time shown is the answer to its SQL at that time,
// whenever its rows have come.
func (s *session) timeless(w *watched) bool {
	if w.clock == nil {
		w.clock = s.clockUse(w.text)
	}
	switch {
	case w.clock.values:
		return false
	case w.clock.conditions:
		return !s.setBack && !strings.HasPrefix(w.q.Trigger(), everyPrefix) && emitsFinal(probe.LookAt(w.q).Plan) == nil
	}
	return true
}
