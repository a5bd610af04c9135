package stream_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/sqlstream/sqlstream/stream"
)

// A troupe is queries that join, stop, and go on, and who knows of them what a catalog does.
type troupe struct {
	w    *world
	a, b *fakeTable
	runs map[string]bool // by name: the query is to run
}

func (p *troupe) spec(name string) stream.Spec {
	switch name {
	case "a":
		return pairs(p.a, "a")
	case "b":
		return pairs(p.b, "b")
	}
	return reader(p.w, "q", "a", "b")
}

// raise brings to life what is on the disk, and starts what is not there yet.
func (p *troupe) raise(e *stream.Engine) (map[string]*stream.Query, error) {
	queries := map[string]*stream.Query{}
	for _, flow := range p.w.flowsThere() {
		var names []string
		got, err := e.Resume(p.w.t.Context(), flow, func(k stream.Kept) ([]stream.Spec, error) {
			var specs []stream.Spec
			for _, m := range k.Members {
				s := p.spec(m.Name)
				if s.Stopped = !p.runs[m.Name]; s.Stopped {
					s.Sinks = nil
				}
				names, specs = append(names, m.Name), append(specs, s)
			}
			return specs, nil
		})
		if err != nil {
			return nil, err
		}
		for i, name := range names {
			queries[name] = got[i]
		}
	}
	for _, name := range []string{"a", "b", "q"} {
		if !p.runs[name] || queries[name] != nil {
			continue
		}
		q, err := e.Start(p.w.t.Context(), p.spec(name))
		if err != nil {
			return nil, err
		}
		queries[name] = q
	}
	return queries, nil
}

// feed puts rows into both tables and lets those that run take them in.
func (p *troupe) feed(e *stream.Engine, queries map[string]*stream.Query, n int) error {
	p.a.put("t/0", n%3, n%2)
	p.b.put("t/1", 10+n%2)
	for _, name := range []string{"a", "b", "q"} {
		if p.runs[name] {
			if err := e.ProcessAllAvailable(p.w.t.Context(), queries[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// act is the play: two views, a reader that joins them, stops, and goes on.
func (p *troupe) act(e *stream.Engine) error {
	queries := map[string]*stream.Query{}
	for i, name := range []string{"a", "b", "q"} {
		p.runs[name] = true
		q, err := e.Start(p.w.t.Context(), p.spec(name))
		if err != nil {
			return err
		}
		queries[name] = q
		if err := p.feed(e, queries, i); err != nil {
			return err
		}
	}
	if err := queries["q"].Stop(p.w.t.Context()); err != nil {
		return err
	}
	p.runs["q"] = false
	if err := p.feed(e, queries, 3); err != nil {
		return err
	}
	p.runs["q"] = true
	got, err := e.Resume(p.w.t.Context(), queries["a"].Flow(), func(stream.Kept) ([]stream.Spec, error) { return []stream.Spec{p.spec("q")}, nil })
	if err != nil {
		return err
	}
	queries["q"] = got[0]
	return p.feed(e, queries, 4)
}

func newTroupe(t *testing.T) *troupe {
	p := &troupe{w: newWorld(t), a: newFakeTable(t), b: newFakeTable(t, "t/1"), runs: map[string]bool{}}
	p.b.def.Name = "u"
	return p
}

// Wherever the process is killed while queries join, stop and go on: none is lost or there
// twice, and each has all rows once.
func TestKilledWhileMembersComeAndGo(t *testing.T) {
	p := newTroupe(t)
	if err := p.act(p.w.process()); err != nil {
		t.Fatal(err)
	}
	p.w.ended()
	for n := range p.w.steps {
		t.Run(fmt.Sprintf("%d %s", n, p.w.steps[n]), func(t *testing.T) {
			p, at := newTroupe(t), 0
			p.w.kill = func(string, int) bool { at++; return at == n+1 }
			if err := p.act(p.w.process()); err == nil {
				p.w.killedNow()
			} else if !p.w.dead && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			p.w.ended()
			p.w.kill = nil
			p.runs = map[string]bool{"a": true, "b": true, "q": p.runs["q"]}
			e := p.w.process()
			queries, err := p.raise(e)
			if err == nil {
				err = p.feed(e, queries, 5)
			}
			if err != nil {
				t.Fatal(err)
			}
			p.runs["q"] = true
			p.w.ended()
			e = p.w.process()
			if queries, err = p.raise(e); err == nil {
				err = p.feed(e, queries, 6)
			}
			if err != nil {
				t.Fatal(err)
			}
			equal(t, result(t, queries["a"]), squares(p.a))
			equal(t, result(t, queries["b"]), squares(p.b))
			equal(t, p.w.rows("q"), together(squares(p.a), squares(p.b)))
			if flows := p.w.flowsThere(); len(flows) != 1 {
				t.Errorf("the dataflows are %q", slices.Sorted(slices.Values(flows)))
			}
		})
	}
}
