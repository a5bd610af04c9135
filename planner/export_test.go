package planner

// Lasts reports whether a query survives being stored.
func (p *Planner) Lasts(q *Query) error { return p.lasts(q) }
