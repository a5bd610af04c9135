package stream_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A manualClock is moved by the test.
type manualClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *manualClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *manualClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// behind is a watermark on column i, a count of microseconds, that lies so far behind it.
func behind(delay time.Duration) *stream.Watermark {
	return &stream.Watermark{Columns: []int{0}, Delay: delay, Times: func() (func(*zset.Batch) (*vec.Vec, *vec.Vec, error), error) {
		return func(b *zset.Batch) (*vec.Vec, *vec.Vec, error) {
			at, out := b.Cols[0], vec.NewBuilder(types.Of(types.BigInt))
			for row := range b.Len {
				if at.IsNull(row) {
					out.AppendNull()
					continue
				}
				vec.Append(out, vec.Int(at, at.At(row))-delay.Microseconds())
			}
			return at, out.Vec(), nil
		}, nil
	}}
}

// timed is a query that keeps the rows of a table with a watermark.
func (f *fakeTable) timed(name string, w *stream.Watermark) stream.Spec {
	spec := f.spec(name)
	spec.AppendOnly = true
	spec.Inputs[0].Source.Watermark = w
	return spec
}

// A timeScript runs the commands of testdata/event_time.test: times are seconds.
type timeScript struct {
	t      *testing.T
	clock  *manualClock
	engine *stream.Engine
	table  *fakeTable
	spec   stream.Spec
	query  *stream.Query
	before string
	failed string
}

// What follows from the rows of several splits, and from the clock.
func TestEventTime(t *testing.T) {
	s := &timeScript{t: t}
	datadriven.RunTest(t, "testdata/event_time.test", func(_ *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "table":
			s.open(d)
		case "put":
			s.put(d.Input)
		case "clock":
			n, err := strconv.ParseFloat(d.CmdArgs[0].String(), 64)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			s.clock.move(time.Duration(n * float64(time.Second)))
		default:
			d.Fatalf(t, "there is no command %s", d.Cmd)
		}
		return s.state()
	})
}

// open starts a query over a new table whose splits hold what the input says.
func (s *timeScript) open(d *datadriven.TestData) {
	if s.engine != nil {
		s.engine.Close()
	}
	seconds := func(name string) time.Duration {
		var n int
		d.MaybeScanArgs(s.t, name, &n)
		return time.Duration(n) * time.Second
	}
	w := behind(seconds("delay"))
	w.Idle, w.MaxFuture, w.Lateness = seconds("idle"), seconds("future"), seconds("lateness")
	w.IdleAdvance, w.ByEpoch, w.FailLate = d.HasArg("advance"), d.HasArg("batch"), d.HasArg("fail")
	s.clock, s.before, s.failed = &manualClock{at: time.Unix(1000, 0)}, "", ""
	s.table = newFakeTable(s.t, "a")
	s.put(d.Input)
	s.engine = opened(s.t, func(c *stream.Config) { c.Env.Now = s.clock.now })
	s.spec = s.table.timed("q", w)
	s.spec.Trigger.AvailableNow = d.HasArg("bounded")
	s.spec.Limits.MaxRows = 1 << 40
	d.MaybeScanArgs(s.t, "rows", &s.spec.Limits.MaxRows)
	s.query = start(s.t, s.engine, s.spec)
}

// put appends rows: a line says the split and the times of its new rows.
func (s *timeScript) put(lines string) {
	s.table.change(func() {
		for line := range strings.Lines(lines) {
			split, times, _ := strings.Cut(line, ":")
			log := s.table.logs[connectors.Split(split)]
			for _, at := range strings.Fields(times) {
				if n, err := strconv.Atoi(at); err == nil {
					at = strconv.Itoa(n * 1_000_000)
				}
				log = append(log, fmt.Sprintf(`{"i": %s}`, strings.ToLower(at)))
			}
			s.table.logs[connectors.Split(split)] = log
		}
	})
}

// state waits until all is read, and says what was accepted and how far time has come.
func (s *timeScript) state() string {
	if err := s.engine.ProcessAllAvailable(s.t.Context(), s.query); err != nil {
		return err.Error()
	}
	var rows []string
	all := result(s.t, s.query)
	for row := range strings.SplitSeq(all, ", ") {
		rows = append(rows, strings.Replace(strings.TrimPrefix(row, "+1 "), "000000", "", 1))
	}
	e := s.query.Progress().Sources[0].EventTime
	splits := make([]string, 0, len(e.Splits))
	for _, split := range slices.Sorted(maps.Keys(e.Splits)) {
		text := string(split) + " " + moment(e.Splits[split])
		if slices.Contains(e.Idle, split) {
			text += " idle"
		}
		splits = append(splits, text)
	}
	return fmt.Sprintf("rows %s\nwatermark %s: %s; held by %q; late %d, ahead %d",
		strings.Join(rows, " "), moment(e.Watermark), strings.Join(splits, ", "), e.HeldBy, e.LateRows-e.Ahead, e.Ahead)
}

func moment(t *time.Time) string {
	if t == nil {
		return "none"
	}
	return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'f', -1, 64)
}
