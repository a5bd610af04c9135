package stream_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/durable"
	"github.com/sqlstream/sqlstream/state/memory"
	"github.com/sqlstream/sqlstream/stream"
)

// BenchmarkEpoch is an epoch of one row in each of 12 splits: what keeping it costs.
//
//	none        nothing is kept
//	logged      at least once, checkpoints each second
//	checkpoint  each epoch is a checkpoint
func BenchmarkEpoch(b *testing.B) {
	for _, kind := range []string{"none", "logged", "checkpoint"} {
		b.Run(kind, func(b *testing.B) {
			d, err := durable.Open(vfs.Default, b.TempDir()+"/dir", durable.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			n := 0
			e := opened(b, func(c *stream.Config) {
				c.OpenFlow = func(id string) (state.Backend, error) { return d.Flow(id) }
				c.NewFlow = func() (string, state.Backend, error) {
					n++
					f, err := d.Flow(fmt.Sprint("f", n))
					return fmt.Sprint("f", n), f, err
				}
				c.NewBackend = func() (state.Backend, error) { return memory.NewBackend(), nil }
			})
			defer e.Close()
			a := newFakeTable(b)
			spec := a.spec("q")
			spec.Kept = kind != "none"
			sink := newFakeSink().output(connectors.Update)
			if kind == "checkpoint" {
				sink.Guarantee = connectors.ExactlyOnce
			}
			spec.Sinks = []stream.Output{sink}
			q := start(b, e, spec)
			for b.Loop() {
				a.change(func() {
					for k := range 12 {
						split := connectors.Split(fmt.Sprintf("t/%d", k))
						a.logs[split] = append(a.logs[split], `{"i": 1}`)
					}
				})
				if err := e.ProcessAllAvailable(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
