package exec

import (
	"strings"
	"time"
)

// NodeStats is what passed through a node, and what it takes.
type NodeStats struct {
	Plan    string
	RowsIn  int64
	RowsOut int64

	StateRows  int64 // kept now
	StateBytes int64
	Time       time.Duration // of all workers; 0 where none was taken
}

// Stats returns the counts of each node since the circuit was made, inputs first,
// workers added up. It must not be called while an epoch runs.
func (c *Circuit) Stats() []NodeStats {
	out := make([]NodeStats, len(c.nodes))
	byName := map[string]int{}
	for i, n := range c.nodes {
		out[i].Plan = n.plan.String()
		byName[stateName(n.plan, i)] = i
		for _, w := range c.workers {
			out[i].RowsIn += w.stats[i].RowsIn
			out[i].RowsOut += w.stats[i].RowsOut
			if w.meter != nil {
				out[i].Time += w.meter.spent[i]
			}
		}
	}
	for _, s := range c.stores {
		for _, u := range s.Usage() {
			name, _, _ := strings.Cut(u.Name, "/")
			if i, ok := byName[name]; ok {
				out[i].StateRows += u.Rows
				out[i].StateBytes += u.Bytes
			}
		}
	}
	return out
}

// Ignored returns how many rows were to be taken away that were not there, since the
// circuit was made. It must not be called while an epoch runs.
func (c *Circuit) Ignored() int64 {
	var n int64
	for _, w := range c.workers {
		for _, op := range w.ops {
			if m, ok := op.(*metered); ok {
				op = m.Operator
			}
			if u, ok := op.(*upsert); ok {
				n += u.ignored
			}
		}
	}
	return n
}
