package exec

import (
	"context"
	"time"

	"github.com/sqlstream/sqlstream/zset"
)

// A meter says how much time each operator of a worker takes for itself: while one
// hands rows on, the clock is that of the one which takes them.
type meter struct {
	clock func() time.Duration
	at    int // whose clock runs, -1 for none
	since time.Duration
	spent []time.Duration // by node
}

// turn lets another node's clock run and returns whose ran before.
func (m *meter) turn(to int) (before int) {
	now := m.clock()
	if m.at >= 0 {
		m.spent[m.at] += now - m.since
	}
	before, m.at, m.since = m.at, to, now
	return before
}

// A metered is an operator whose time is taken.
type metered struct {
	Operator
	meter *meter
	node  int
}

// Apply implements Operator.
func (m *metered) Apply(ctx context.Context, s *Step, port int, delta *zset.Batch) error {
	before := m.meter.turn(m.node)
	err := m.Operator.Apply(ctx, s, port, delta)
	m.meter.turn(before)
	return err
}

// Finish implements Operator.
func (m *metered) Finish(ctx context.Context, s *Step) error {
	before := m.meter.turn(m.node)
	err := m.Operator.Finish(ctx, s)
	m.meter.turn(before)
	return err
}
