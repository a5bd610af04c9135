package exec

import "sync/atomic"

// transit is the bytes of rows that nodes of a worker hold within an epoch: those on their
// way from another worker, and those of the rounds of a recursion.
type transit []atomic.Int64

// hold returns what notes that a node holds so many bytes more, or fewer.
func (t transit) hold(node int) func(bytes int64) {
	return func(bytes int64) { t[node].Add(bytes) }
}

// Transit is the bytes of rows that a worker holds within the epoch that runs beside its
// state, and the node that holds most of them. It may be called while an epoch runs.
func (c *Circuit) Transit(worker int) (bytes int64, node string, most int64) {
	t := c.workers[worker].transit
	at := 0
	for i := range t {
		n := t[i].Load()
		bytes += n
		if n > most {
			at, most = i, n
		}
	}
	return bytes, c.nodes[at].plan.String(), most
}
