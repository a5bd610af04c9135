package sqltest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/zset"
)

// A watched query is one whose changes are added up as they come.
type watched struct {
	name     string
	text     string // the query, without EMIT
	zone     string // the setting time_zone at its start, which it keeps
	start    string // the statement that starts it again; "" for a view
	unjudged bool   // its value depends on more than the input
	q        *sqlstream.Query
	ended    chan struct{} // closed when no change will come any more

	judgedFailure bool
	clock         *clockUse // of its plan; nil until it is judged

	mu     sync.Mutex
	total  *zset.Batch // the sum of the changes
	found  []string
	change chan struct{} // closed at the next change

	shown *zset.Batch // the sum that tick last told of
}

// volatile words make a query's answer depend on how often it is asked.
var volatile = []string{"RAND(", "UUID("}

func watch(ctx context.Context, q *sqlstream.Query, name, text string) *watched {
	empty := &zset.Batch{Schema: q.Schema()}
	w := &watched{
		name: name, text: text, q: q, ended: make(chan struct{}), change: make(chan struct{}),
		total: empty, shown: empty,
	}
	for _, word := range volatile {
		w.unjudged = w.unjudged || strings.Contains(strings.ToUpper(text), word)
	}
	go w.read(ctx)
	return w
}

// read adds up the changes until the query ends.
func (w *watched) read(ctx context.Context) {
	defer close(w.ended)
	for c, err := range w.q.Changes(ctx) {
		if err != nil {
			return // the status tells it
		}
		w.add(c)
	}
}

// add takes in one epoch's change and checks what must hold of it.
func (w *watched) add(c sqlstream.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total = zset.Consolidate(w.total, c.Delta)
	w.found = append(w.found, brokenDelta(w.q, c.Delta)...)
	w.found = append(w.found, brokenTable(w.q.Key(), w.total)...)
	close(w.change)
	w.change = make(chan struct{})
}

func (w *watched) running() bool {
	status, _ := w.q.Status()
	return status == sqlstream.Running
}

// patience is how long changes that were sent may be under way.
const patience = 20 * time.Second

// everyPrefix begins the text of a trigger that goes by the clock.
const everyPrefix = "EVERY"

// settle waits until the query has taken in all input and the changes add up to its
// result, and returns the result. What they add up to otherwise is a breach.
func (w *watched) settle(ctx context.Context) (*zset.Batch, error) {
	if err := w.processed(ctx); err != nil {
		return nil, err
	}
	rows, err := w.q.Result(ctx)
	if err != nil {
		return nil, err
	}
	result, err := collect(rows)
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for ended := false; ; {
		w.mu.Lock()
		total, change := w.total, w.change
		w.mu.Unlock()
		if same(total, result) {
			return result, nil
		}
		if ended {
			return result, fmt.Errorf("query %s: its changes add up to\n%sits result is\n%s", w.name, quoted(text(total)), quoted(text(result)))
		}
		select {
		case <-change:
		case <-w.ended:
			ended = true
		case <-late.C:
			ended = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// processed waits until the query has taken in all input, or has ended.
func (w *watched) processed(ctx context.Context) error {
	if status, err := w.q.Status(); status != sqlstream.Running {
		return err
	}
	return w.q.ProcessAllAvailable(ctx)
}

// tick returns what the result has changed since it was last asked.
func (w *watched) tick() *zset.Batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	delta := zset.Consolidate(w.total, w.shown.Negated())
	w.shown = w.total
	return delta
}

// problems hands out the breaches of law that its changes showed.
func (w *watched) problems() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.found
	w.found = nil
	for i, p := range out {
		out[i] = "query " + w.name + ": " + p
	}
	return out
}
