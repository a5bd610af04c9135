package stream

import (
	"context"
	"encoding/json"
)

// An Inheritance is what a query begins with: the state of some operators of another one,
// which runs, and where that has come to in its tables. The tables that both read are not
// read again, and those that the other has not read are read from their beginning. Neither
// reads views or given rows, and the new one has no sinks but for dead letters, of which there
// is none in what it begins with.
type Inheritance struct {
	From   *Query
	States []string // their names, as exec.Circuit.Inherit takes them
}

// inherit fills the member's state, and its result, from that of the other between two of the
// other's epochs. What is filled becomes durable when the member has its dataflow.
func (e *Engine) inherit(ctx context.Context, m *member) error {
	in := m.spec.Inherits
	if in == nil {
		return nil
	}
	var err error
	berr := e.between(ctx, in.From, func(d *dataflow) {
		var from *member
		if d != nil {
			from = d.member(in.From.name)
		}
		if from == nil || from.query != in.From {
			err = notRunning(in.From.name)
			return
		}
		err = m.fill(ctx, d, from)
	})
	if berr != nil {
		return berr
	}
	return err
}

func (m *member) fill(ctx context.Context, d *dataflow, from *member) error {
	was, err := positions(from.meta(d))
	if err != nil {
		return err
	}
	m.was = was
	if was.Greatest != nil {
		m.most = *was.Greatest
	}
	if err := m.begin(ctx, 0, m.query.engine.now().UnixMicro(), d.seed); err != nil {
		return err
	}
	if err := m.circuit.Inherit(ctx, from.circuit, m.spec.Inherits.States); err != nil {
		return m.fault(err)
	}
	if err := m.circuit.Finish(ctx); err != nil {
		return m.fault(err)
	}
	if err := m.settle(); err != nil {
		return err
	}
	defer m.reset()
	return m.publish(ctx, -1)
}

// positions copies where a member is in its tables.
func positions(m memberMeta) (*memberMeta, error) {
	data, err := json.Marshal(memberMeta{Scans: m.Scans, Greatest: m.Greatest})
	if err != nil {
		return nil, err
	}
	out := &memberMeta{}
	return out, json.Unmarshal(data, out)
}
