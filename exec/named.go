package exec

import (
	"strconv"
	"strings"
)

// Named is a plan whose state tables have a name of the planner's. Without one they
// are called by the node's place in the circuit, which another plan of the same query
// need not have.
type Named struct {
	Plan
	Name string
}

// stateName is what the state tables of a node are called, or begin with.
func stateName(p Plan, at int) string {
	if n, ok := p.(*Named); ok {
		return n.Name
	}
	return strconv.Itoa(at)
}

// StateOwner returns the node that a state table belongs to, as it prints itself, and
// the table's name where it belongs to none.
func (c *Circuit) StateOwner(table string) string {
	name, _, _ := strings.Cut(table, "/")
	for at, n := range c.nodes {
		if stateName(n.plan, at) == name {
			return n.plan.String()
		}
	}
	return table
}
