package stream

import (
	"math"
	"slices"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// The columns that a Source of late rows has behind those of its table, in this order.
const (
	LateSplit     = iota // VARCHAR
	LateOffset           // BIGINT, NULL where the source has none
	LateTime             // the row's event time, TIMESTAMP
	LateWatermark        // that the row was held against, TIMESTAMP, NULL before there is one
	LateBy               // BIGINT, milliseconds begun; NULL of a row of the future
	LateReason           // VARCHAR: ByLate or ByFuture
	lateColumns
)

// Why a row was left out.
const (
	ByLate   = "late"
	ByFuture = "future"
)

// leftOut are rows of a batch that were not accepted.
type leftOut struct {
	rows       []int32
	watermarks []int64
	future     []bool
}

func (l *leftOut) add(row int, watermark int64, future bool) {
	if l == nil {
		return
	}
	l.rows = append(l.rows, int32(row))
	l.watermarks, l.future = append(l.watermarks, watermark), append(l.future, future)
}

// shape is the table as the scan decodes it: that of records that cannot be read has columns
// of its own, and that of late rows theirs beside the table's, of which a source of records
// gives the offset.
func (s *Source) shape() *connectors.Table {
	if s.Errors {
		return format.BadRecords(s.Table)
	}
	if s.Late == nil {
		return s.Table
	}
	t := *s.Table
	t.Columns = slices.Clone(t.Columns)
	for i, f := range s.Late {
		c := connectors.Column{Field: f, Computed: true}
		if i == LateOffset && s.Format != nil {
			c.Metadata, c.Computed = "offset", false
		}
		t.Columns = append(t.Columns, c)
	}
	return &t
}

// made reports that a column is made here rather than decoded.
func (s *scan) made(column int) bool {
	return s.spec.Late != nil && column >= len(s.spec.Table.Columns) && s.table.Columns[column].Computed
}

// madeAt is where a column stands that is made: behind those that are decoded.
func (s *scan) madeAt(column int) int { return len(s.columns) + column - len(s.spec.Table.Columns) }

// lateRows are the rows of a batch that were left out, with what is known of them.
func (s *scan) lateRows(l *lane, split connectors.Split, b *zset.Batch, at *vec.Vec, left *leftOut) *zset.Batch {
	if len(left.rows) == 0 {
		return &zset.Batch{}
	}
	l.mem.Reset()
	out := b.Gather(&l.mem, left.rows)
	cols := make([]*vec.Builder, lateColumns)
	for i, f := range s.spec.Late {
		cols[i] = vec.NewBuilder(f.Type)
	}
	for i, row := range left.rows {
		t, watermark := vec.Int(at, at.At(int(row))), left.watermarks[i]
		cols[LateSplit].AppendString(string(split))
		cols[LateOffset].AppendNull()
		vec.Append(cols[LateTime], t)
		if watermark == unknown {
			cols[LateWatermark].AppendNull()
		} else {
			vec.Append(cols[LateWatermark], watermark)
		}
		if left.future[i] {
			cols[LateBy].AppendNull()
			cols[LateReason].AppendString(ByFuture)
			continue
		}
		vec.Append(cols[LateBy], int64(math.Ceil(float64(watermark-t)/1000)))
		cols[LateReason].AppendString(ByLate)
	}
	for _, c := range cols {
		out.Cols = append(out.Cols, c.Vec())
	}
	return out
}

// name is what the scan reads, for people.
func (s *scan) name() string {
	switch {
	case s.spec.Late != nil:
		return LateName(s.spec.Table.Name)
	case s.spec.Errors:
		return ErrorsName(s.spec.Table.Name)
	}
	return s.spec.Table.Name
}

// LateName is how the late rows of a table are written.
func LateName(table string) string { return "LATE(" + table + ")" }

// part names what of its table the scan reads, for the log and checkpoints.
func (s *Source) part() part { return part{Table: s.Table.Name, Late: s.Late != nil, Errors: s.Errors} }

// plain reports that these are the rows of the table itself.
func (s *Source) plain() bool { return s.Late == nil && !s.Errors }

// A part is a table, or the rows of it that are left out.
type part struct {
	Table  string `json:"table"`
	Late   bool   `json:"late,omitempty"`
	Errors bool   `json:"errors,omitempty"`
}

// reads reports that two scans read the same rows of a table.
func (s *Source) reads(o *Source) bool {
	return s.Table == o.Table && s.part() == o.part()
}
