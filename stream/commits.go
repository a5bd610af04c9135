package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
)

// commits are the sinks of a dataflow that show its epochs as one, and the Transaction by
// which they do.
type commits struct {
	transaction connectors.Transaction
	cluster     string
	sinks       []connectors.Transactional
	names       []string
	tables      []*connectors.Table
}

// transactional returns the sink of an output that can share a Transaction.
func transactional(out Output) bool {
	_, ok := connectors.Ability[connectors.Transactional](out.Sink)
	return ok && out.Connector != nil && out.Connector.Transaction != nil
}

// labels name the sinks.
func (c *commits) labels() []string {
	if c == nil {
		return nil
	}
	return c.names
}

// covers reports that the Transaction commits a sink.
func (c *commits) covers(out Output) bool {
	if c == nil || !transactional(out) {
		return false
	}
	sink, _ := connectors.Ability[connectors.Transactional](out.Sink)
	return slices.Contains(c.sinks, sink)
}

// sharing returns the sinks that are to show epochs as one: those on the cluster of the
// first. Only one can be what decides whether an epoch has happened.
func (d *dataflow) sharing() (c *commits, connector *connectors.Connector, elsewhere []string) {
	for _, m := range d.members {
		for _, out := range m.spec.Sinks {
			if !d.exactly(m, out) || !transactional(out) {
				continue
			}
			sink, _ := connectors.Ability[connectors.Transactional](out.Sink)
			switch {
			case c == nil:
				c, connector = &commits{cluster: sink.Cluster()}, out.Connector
			case sink.Cluster() != c.cluster:
				elsewhere = append(elsewhere, out.Name)
				continue
			}
			c.sinks, c.names = append(c.sinks, sink), append(c.names, m.spec.Name+"/"+out.Name)
			c.tables = append(c.tables, out.Table)
		}
	}
	return c, connector, elsewhere
}

// openCommits opens the Transaction of the sinks there are.
func (d *dataflow) openCommits(ctx context.Context) error {
	c, connector, elsewhere := d.sharing()
	if c == nil {
		return nil
	}
	for _, name := range elsewhere {
		d.engine.notice(fmt.Sprintf("%s is on another cluster than %s: its rows are written at least once", name, c.names[0]))
	}
	id := fmt.Sprintf("sqlstream-%s-%s-%d", d.engine.instance, d.id, d.shown.Set)
	env := d.engine.env
	for _, t := range c.tables {
		env = env.Hiding(t)
	}
	if d.engine.notebook != nil {
		env.Notebook = d.engine.notebook(id)
	}
	var err error
	if c.transaction, err = connector.Transaction(ctx, id, c.sinks, env); err != nil {
		return fmt.Errorf("%s: %w", c.names[0], c.hide(err))
	}
	d.commits = c
	return nil
}

// renewCommits begins with another Transaction where other sinks are to share one than
// before. What the last one has shown is durable by then.
func (d *dataflow) renewCommits(ctx context.Context) error {
	c, _, _ := d.sharing()
	var now, before []connectors.Transactional
	if c != nil {
		now = c.sinks
	}
	if d.commits != nil {
		before = d.commits.sinks
	}
	if slices.Equal(now, before) {
		return nil
	}
	return d.replaceCommits(ctx)
}

// replaceCommits begins with another Transaction.
func (d *dataflow) replaceCommits(ctx context.Context) error {
	if err := d.closeCommits(); err != nil {
		return err
	}
	d.shown = shownEpochs{Set: d.shown.Set + 1}
	if err := d.openCommits(ctx); err != nil || d.commits == nil {
		return err
	}
	d.shown.Sinks = d.commits.names
	_, err := d.commits.transaction.Recover(ctx, 0, 0)
	return d.commits.wrap(err)
}

func (d *dataflow) closeCommits() error {
	if d.commits == nil {
		return nil
	}
	c := d.commits
	d.commits = nil
	return c.transaction.Close()
}

// commit shows an epoch, whose state is durable once prepared has returned. Where it cannot
// be known whether that has happened it asks, and commits again what has not.
func (c *commits) commit(ctx context.Context, before, epoch int64, plan uint64, prepared func() error) error {
	for {
		err := c.transaction.Commit(ctx, epoch, plan, prepared)
		if !errors.Is(err, connectors.ErrUnsettled) {
			return c.wrap(err)
		}
		if cerr := ctx.Err(); cerr != nil {
			return cerr
		}
		visible, err := c.transaction.Recover(ctx, before, epoch)
		if err != nil || visible == epoch {
			return c.wrap(err)
		}
	}
}

func (c *commits) hide(err error) error {
	for _, t := range c.tables {
		err = t.Hide(err)
	}
	return err
}

func (c *commits) wrap(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("the transaction of %s: %w", c.names[0], c.hide(err))
}
