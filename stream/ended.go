package stream

// HasResult reports that the result can be asked.
func (q *Query) HasResult() bool { return q.result != nil }

// Ended lists a query that does not run, and did not in this engine: one that an earlier
// process has left so, or that cannot go on.
func (e *Engine) Ended(spec Spec, status Status, err error) *Query {
	q := newQuery(e, spec)
	q.flow = newDataflow(e, "", nil)
	q.flow.cancel()
	close(q.flow.exited)
	q.end(status, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queries = append(e.queries, q)
	return q
}
