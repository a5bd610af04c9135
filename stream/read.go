package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A lane is what one worker decodes with.
type lane struct {
	dec  format.Decoder
	buf  []connectors.Record
	out  *zset.Builder
	rows int64
	bad  []connectors.BadRecord
	dead *zset.Builder // of these, what is written elsewhere; nil where nobody wants it

	times   func(*zset.Batch) (at, watermark *vec.Vec, err error) // of a table with a watermark
	timesAt []int                                                 // where its columns stand among those decoded
	mem     vec.Mem                                               // of rows without those that are late

	records, bytes int64
}

// recordsPerRead is how many records are read before they are decoded: no more than the nearest
// caches hold. Several times as many are decoded into one batch.
const recordsPerRead = vec.BatchRows / 8

func (s *scan) openLanes(workers int) error {
	if len(s.lanes) == workers {
		return nil
	}
	schema := s.table.Schema().Project(s.columns)
	for i, c := range s.columns { // a reader may leave NULL where a record lacks the field
		schema.Fields[i].NotNull = s.table.Columns[c].NotNull
	}
	lanes := make([]*lane, workers)
	for w := range lanes {
		l := &lane{out: zset.NewBuilder(schema)}
		if s.spec.Format != nil {
			dec, err := s.decoder()
			if err != nil {
				return fmt.Errorf("table %s: %w", s.spec.Table.Name, err)
			}
			l.dec, l.buf = dec, make([]connectors.Record, recordsPerRead)
			s.openDead(l)
		}
		if s.time != nil {
			if err := s.openTimes(l); err != nil {
				return fmt.Errorf("table %s: %w", s.spec.Table.Name, err)
			}
		}
		lanes[w] = l
	}
	s.lanes = lanes
	return nil
}

// read pushes the rows of one range into every member that uses the scan. Where the
// records are longer than was thought it ends early, and cuts the range down to what
// was read.
func (s *scan) read(ctx context.Context, worker int, r *connectors.Range) error {
	l := s.lanes[worker]
	if batches, ok := s.source.(connectors.BatchSource); ok {
		return s.readBatches(ctx, batches, worker, l, *r)
	}
	if s.spent.Load() > s.budget {
		r.To = r.From
		return nil
	}
	rd, err := s.source.Open(ctx, *r)
	if err != nil {
		return s.wrap(err)
	}
	defer rd.Close()
	for {
		d, err := s.decode(ctx, l, rd)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return s.wrap(err)
		}
		if err := s.push(ctx, worker, l, r.Split); err != nil {
			return d.among(err)
		}
		if spent := s.spent.Add(d.bytes); ended {
			return nil
		} else if spent > s.budget && d.records > 0 {
			r.To = min(r.To, d.last+1)
			return nil
		}
	}
}

// decoded is the records that the rows of a batch are from.
type decoded struct {
	split          connectors.Split
	first, last    connectors.Offset
	records, bytes int64
}

// decode reads records into a batch, until that is full or the next are not there yet.
func (s *scan) decode(ctx context.Context, l *lane, rd connectors.Reader) (d decoded, err error) {
	defer func() {
		l.bytes += d.bytes
		l.records += d.records
	}()
	for {
		n, err := rd.Next(ctx, l.buf)
		if err != nil {
			return d, err
		}
		records := l.buf[:n]
		bad, err := l.dec.Decode(records, l.out)
		if err != nil {
			return d, err
		}
		l.addBad(records, bad)
		d.add(records)
		if n < len(l.buf) || l.out.Len()+len(l.buf) > vec.BatchRows {
			return d, nil
		}
	}
}

func (d *decoded) add(records []connectors.Record) {
	if len(records) == 0 {
		return
	}
	if d.records == 0 {
		d.split, d.first = records[0].Split, records[0].Offset
	}
	d.last = records[len(records)-1].Offset
	d.records += int64(len(records))
	for i := range records {
		d.bytes += int64(len(records[i].Value) + len(records[i].Key))
	}
}

// among says where the rows of a query's error came from.
func (d *decoded) among(err error) error {
	var q *QueryError
	if !errors.As(err, &q) || d.records == 0 {
		return err
	}
	return &QueryError{Query: q.Query, Final: q.Final, Err: fmt.Errorf("%w (in a record of %s from offset %d to %d)", q.Err, d.split, d.first, d.last)}
}

func (s *scan) readBatches(ctx context.Context, src connectors.BatchSource, worker int, l *lane, r connectors.Range) error {
	rd, err := src.OpenBatches(ctx, r, s.columns)
	if err != nil {
		return s.wrap(err)
	}
	defer rd.Close()
	for {
		err := rd.Next(ctx, l.out, vec.BatchRows)
		if err != nil && !errors.Is(err, io.EOF) {
			return s.wrap(err)
		}
		if perr := s.push(ctx, worker, l, r.Split); perr != nil {
			return perr
		}
		if err != nil {
			return nil
		}
	}
}

func (s *scan) openTimes(l *lane) (err error) {
	l.timesAt = nil
	for _, c := range s.time.spec.Columns {
		l.timesAt = append(l.timesAt, slices.Index(s.columns, c))
	}
	l.times, err = s.time.spec.Times()
	return err
}

// inTime leaves out the rows of a split that are late, or all others.
func (s *scan) inTime(l *lane, split connectors.Split, b *zset.Batch) (*zset.Batch, error) {
	own := &zset.Batch{Len: b.Len}
	for _, at := range l.timesAt {
		own.Cols = append(own.Cols, b.Cols[at])
	}
	at, watermark, err := l.times(own)
	if err != nil {
		return nil, s.wrap(err)
	}
	t := s.time.splits[split]
	if s.spec.Late != nil {
		var left leftOut
		s.time.accept(t, at, watermark, s.now, &left)
		return s.lateRows(l, split, b, at, &left), nil
	}
	kept := s.time.accept(t, at, watermark, s.now, nil)
	if kept == nil {
		return b, nil
	}
	if s.time.spec.FailLate && len(t.late) > 0 {
		return nil, s.wrap(fmt.Errorf("%s: %s: %w", split, &t.late[0], errLate))
	}
	l.mem.Reset()
	return b.Gather(&l.mem, kept), nil
}

func (s *scan) push(ctx context.Context, worker int, l *lane, split connectors.Split) error {
	if err := ctx.Err(); err != nil {
		return err // generators and memory tables do not look
	}
	if l.out.Len() == 0 {
		return nil
	}
	whole := l.out.Build()
	l.rows += int64(whole.Len)
	err := whole.Parts(func(b *zset.Batch) error {
		if s.time != nil {
			var err error
			if b, err = s.inTime(l, split, b); err != nil || b.Len == 0 {
				return err
			}
		}
		for _, u := range s.uses {
			if err := u.member.circuit.Push(ctx, worker, u.node, view(b, u)); err != nil {
				return u.member.fault(err)
			}
		}
		return nil
	})
	l.out.Reset()
	return err
}

// view is the batch with just the columns of one use, shared.
func view(b *zset.Batch, u use) *zset.Batch {
	v := &zset.Batch{Schema: u.node.Out, Len: b.Len, Weights: b.Weights, Cols: make([]*vec.Vec, len(u.at))}
	for i, at := range u.at {
		v.Cols[i] = b.Cols[at]
	}
	return v
}

// take returns and clears what the lanes counted in this epoch.
func (s *scan) take() (rows int64) {
	var records, bytes int64
	for _, l := range s.lanes {
		rows += l.rows
		records += l.records
		bytes += l.bytes
		l.rows, l.records, l.bytes = 0, 0, 0
		l.out.Reset()
	}
	if records > 0 {
		s.rowBytes = max(float64(bytes)/float64(records), 1)
	}
	return rows
}
