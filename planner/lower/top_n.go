package lower

import (
	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/planner/logical"
)

// topN keeps the first rows of each partition. Where there are several workers, a
// partition is one worker's.
func (l *lowering) topN(t *logical.TopN, in exec.Plan, print *print) exec.Plan {
	if l.workers > 1 && !t.Stays() {
		in = &exec.Exchange{Input: in, Keys: t.Partition}
	}
	partition, until := closingFirst(t.Input, t.Partition)
	return l.name(print, &exec.TopN{
		Input: in, Partition: partition, Until: until, Keys: sortKeys(t.Keys), Limit: t.Limit, Offset: t.Offset,
		By: exec.Rank(t.By), Ties: t.Ties, Number: t.Number != "",
		AppendOnly: appends(t.Input), Forget: t.Forget, Out: t.Schema(),
	})
}

func sortKeys(keys []logical.SortKey) []exec.SortKey {
	out := make([]exec.SortKey, len(keys))
	for i, k := range keys {
		out[i] = exec.SortKey{Column: k.Column, Desc: k.Desc}
	}
	return out
}
