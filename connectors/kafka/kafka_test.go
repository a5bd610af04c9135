package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// fake starts a broker in the process.
func fake(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	addr := c.ListenAddrs()[0]
	fakes.Store(addr, c)
	t.Cleanup(func() { fakes.Delete(addr); c.Close() })
	return c
}

// fakes has the brokers in the process that run, by address.
var fakes sync.Map

// notices collects what a connector tells the user.
type notices struct {
	mu   sync.Mutex
	text []string
	more chan struct{}
}

func newNotices() *notices { return &notices{more: make(chan struct{}, 100)} }

func (n *notices) env() connectors.Env {
	return connectors.Env{Notice: func(text string) {
		n.mu.Lock()
		n.text = append(n.text, text)
		n.mu.Unlock()
		n.more <- struct{}{}
	}}
}

func (n *notices) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.text)
}

// await waits for a notice with a text in it.
func (n *notices) await(t testing.TB, text string) {
	t.Helper()
	n.awaitN(t, text, 1)
}

// awaitN waits for so many of them.
func (n *notices) awaitN(t testing.TB, text string, want int) {
	t.Helper()
	for {
		got := 0
		for _, s := range n.all() {
			if strings.Contains(s, text) {
				got++
			}
		}
		if got >= want {
			return
		}
		select {
		case <-n.more:
		case <-time.After(30 * time.Second):
			t.Fatalf("no notice with %q among %q", text, n.all())
		}
	}
}

// tweets is a table of two columns on a broker.
func tweets(addr, topic string, options ...string) *connectors.Table {
	t := &connectors.Table{
		Name: "tweets",
		Columns: []connectors.Column{
			{Field: types.Field{Name: "id", Type: types.Of(types.BigInt)}},
			{Field: types.Field{Name: "body", Type: types.Of(types.Varchar)}},
		},
		Options: connectors.Options{"connector": "kafka", "format": "json", "bootstrap.servers": addr},
	}
	if topic != "" {
		t.Options["topic"] = topic
	}
	for i := 0; i < len(options); i += 2 {
		t.Options[connectors.Canonical(options[i])] = options[i+1]
	}
	return t
}

// rows builds a batch from "1 text" lines, "-" before a row for a weight of -1.
func rows(t *connectors.Table, lines ...string) *zset.Batch {
	b := zset.NewBuilder(t.Schema())
	for _, line := range lines {
		w := int64(1)
		if rest, minus := strings.CutPrefix(line, "-"); minus {
			line, w = rest, -1
		}
		var id int64
		body := line
		if _, err := fmt.Sscan(line, &id); err == nil {
			_, body, _ = strings.Cut(line, " ")
		}
		appendRow(b, id, body)
		b.EndRowWeight(w)
	}
	return b.Build()
}

func open(t testing.TB, table *connectors.Table) *source {
	t.Helper()
	return openWith(t, table, connectors.Env{})
}

func openWith(t testing.TB, table *connectors.Table, env connectors.Env) *source {
	t.Helper()
	s, err := openSource(t.Context(), table, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// everything reads all that there is as "topic/partition@offset key=value" lines,
// in the order of splits.
func everything(t testing.TB, s *source) []string {
	t.Helper()
	ctx := t.Context()
	splits, err := s.Splits(ctx)
	if err != nil {
		t.Fatal(err)
	}
	start, err := s.Start(ctx, splits)
	if err != nil {
		t.Fatal(err)
	}
	end, err := s.Latest(ctx, splits)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, split := range splits {
		lines, err := read(ctx, s, connectors.Range{Split: split, From: start[split], To: end[split]})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, lines...)
	}
	return out
}

func read(ctx context.Context, s *source, r connectors.Range) ([]string, error) {
	rd, err := s.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	var out []string
	buf := make([]connectors.Record, 7)
	for {
		n, err := rd.Next(ctx, buf)
		for _, rec := range buf[:n] {
			out = append(out, line(rec))
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

func line(r connectors.Record) string {
	value := string(r.Value)
	if r.Value == nil {
		value = "nothing"
	}
	key := ""
	if r.Key != nil {
		key = string(r.Key) + "="
	}
	return fmt.Sprintf("%s@%d %s%s", r.Split, r.Offset, key, value)
}

// put writes epochs through a sink, one batch each.
func put(t testing.TB, table *connectors.Table, mode connectors.Mode, epochs ...*zset.Batch) {
	t.Helper()
	s, err := openSink(t.Context(), table, mode, table.Schema(), connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, b := range epochs {
		commit(t, s, int64(i+1), b)
	}
}

func commit(t testing.TB, s *sink, epoch int64, b *zset.Batch) {
	t.Helper()
	ctx := t.Context()
	prepare(t, s, epoch, b)
	if err := s.Commit(ctx, epoch); err != nil {
		t.Fatal(err)
	}
}

func prepare(t testing.TB, s *sink, epoch int64, b *zset.Batch) {
	t.Helper()
	err := errors.Join(s.Begin(t.Context(), epoch), s.Write(t.Context(), b))
	if err == nil {
		_, err = s.Prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// freshTopic is a name that no other test or run uses.
func freshTopic(t testing.TB, name string) string {
	t.Helper()
	return fmt.Sprintf("%s-%d-%d", name, time.Now().UnixNano(), topics.Add(1))
}

var topics atomic.Int64
