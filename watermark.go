package sqlstream

import (
	"fmt"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// watermarkOptions are those of a table with a WATERMARK, whatever its connector.
var watermarkOptions = []connectors.Option{
	{Name: "idle.timeout", Default: "1 minute", Doc: "After this time without rows a partition that is read to its end holds the watermark back no longer; '0' is never."},
	{Name: "watermark.idle.advance", Default: "false", Values: []string{"true", "false"}, Doc: "While all partitions are idle, the watermark follows the clock."},
	{Name: "max.future", Default: "0", Doc: "Rows whose event time is further ahead of the clock are left out, so that one wrong clock does not make all others late; '0' is no bound."},
	{Name: "allowed.lateness", Default: "0", Doc: "Rows that are late by no more than this are taken in: the watermark is that much further back."},
	{Name: "late.rows", Default: "drop", Values: []string{"drop", "fail"}, Doc: "What becomes of a late row: it is left out and counted, or the query fails."},
	{Name: "late.policy", Default: "partition_strict", Values: []string{"partition_strict", "batch"}, Doc: "A row is late if it is older than the watermark of its own partition before it; with 'batch', than that of the table when its epoch began."},
}

// watermark checks WATERMARK FOR … AS … and enters it in the catalog.
func (db *DB) watermark(st *sql.CreateTable, e *catalog.Entry) error {
	w := st.Watermark
	if w == nil {
		return nil
	}
	i := columnOf(e.Def, w.Column.Text)
	if i < 0 {
		return st.Errorf(w.Column.Offset, "there is no column %s", w.Column.Text)
	}
	if t := e.Schema.Fields[i].Type; t.Kind != types.Timestamp {
		return st.Errorf(w.Column.Offset, "a watermark is for a TIMESTAMP column, %s is %s", w.Column.Text, t)
	}
	x, err := db.planning().Bind().Expr(w.Expr, e.Schema)
	if err != nil {
		return err
	}
	at := w.Expr.Mapping.Start()
	switch t := e.Schema.Fields[i].Type; {
	case x.Type().Kind != t.Kind || x.Type().Zoned != t.Zoned:
		return st.Errorf(at, "the watermark of %s must be a %s as the column is, not %s", w.Column.Text, t, x.Type()).
			WithHint("as in WATERMARK FOR %[1]s AS %[1]s - INTERVAL 5 SECOND", w.Column.Text)
	case expr.Stability(x) != function.Pure:
		return st.Errorf(at, "a watermark must give the same value whenever its row is read")
	}
	if base, by := expr.Apart(x); by > 0 {
		if c, ok := base.(*expr.Column); ok && c.Index == i {
			return st.Errorf(at, "a watermark behind which its own row lies would make every row late").
				WithHint("subtract the delay: %s - INTERVAL 5 SECOND", w.Column.Text)
		}
	}
	e.Watermark = &catalog.Watermark{Column: i, Expr: w.Expr.Text()}
	if err := watermarkTakes(st, e); err != nil {
		return err
	}
	_, err = db.timesOf(e, db.current())
	return optionError(st, err, nil)
}

// watermarkTakes refuses a table whose rows are taken back: what is older than the
// watermark must not change.
func watermarkTakes(st *sql.CreateTable, e *catalog.Entry) error {
	switch {
	case e.Connector == "memory" && !e.AppendOnly:
		return st.Errorf(st.Watermark.Column.Offset, "UPDATE and DELETE may change rows below the watermark").
			WithHint("add append_only = 'true', which allows INSERT alone")
	case e.Changes == connectors.Whole:
		return st.Errorf(st.Watermark.Column.Offset, "files that are read anew may change rows below the watermark").
			WithHint("leave out 'refresh' where files only grow")
	case e.Changes == connectors.Retractions:
		return st.Errorf(st.Watermark.Column.Offset, "records of this format take rows back, also those below a watermark")
	}
	return nil
}

// timesOf makes the watermark of a table ready to run; nil where it has none.
func (db *DB) timesOf(e *catalog.Entry, s settings) (*stream.Watermark, error) {
	if e.Watermark == nil {
		return nil, nil
	}
	at, watermark, err := db.planningBy(s).Bind().Watermark(e)
	if err != nil {
		return nil, err
	}
	o := e.Def.Options
	w := &stream.Watermark{
		Column: e.Watermark.Column, Delay: -1,
		ByEpoch: o.Get("late.policy") == "batch", FailLate: o.Get("late.rows") == "fail",
	}
	for _, d := range []struct {
		name string
		to   *time.Duration
		def  time.Duration
	}{{"idle.timeout", &w.Idle, time.Minute}, {"max.future", &w.MaxFuture, 0}, {"allowed.lateness", &w.Lateness, 0}} {
		if o.Get(d.name) == "0" {
			continue
		}
		if *d.to, err = o.Duration(d.name, d.def); err != nil {
			return nil, err
		}
		if *d.to < 0 {
			return nil, fmt.Errorf("option '%s' must not be negative", d.name)
		}
	}
	if w.IdleAdvance, err = o.Bool("watermark.idle.advance", false); err != nil {
		return nil, err
	}
	base, by := expr.Apart(watermark)
	plain, _ := expr.Apart(at)
	if by <= 0 && expr.Fingerprint(base) == expr.Fingerprint(plain) {
		w.Delay = time.Duration(-by) * time.Microsecond
	}
	if w.IdleAdvance && w.Delay < 0 {
		return nil, fmt.Errorf("option 'watermark.idle.advance' needs a watermark that is the column less an INTERVAL")
	}
	set := map[int]bool{}
	expr.Columns(at, set)
	expr.Columns(watermark, set)
	for c := range set {
		w.Columns = append(w.Columns, c)
	}
	slices.Sort(w.Columns)
	w.Times = timesOver(e, w.Columns, at, watermark, s["eval.error"] == "null")
	return w, nil
}

// timesOver compiles the event time and the watermark over some columns of a table.
func timesOver(e *catalog.Entry, columns []int, at, watermark expr.Expr, errNull bool) func() (func(*zset.Batch) (*vec.Vec, *vec.Vec, error), error) {
	moved := func(x expr.Expr) expr.Expr {
		return expr.Transform(x, func(x expr.Expr) expr.Expr {
			if c, ok := x.(*expr.Column); ok {
				return &expr.Column{Index: slices.Index(columns, c.Index), Field: c.Field}
			}
			return x
		})
	}
	schema := e.Schema.Project(columns)
	return func() (func(*zset.Batch) (*vec.Vec, *vec.Vec, error), error) {
		time, err := expr.Compile(moved(at), errNull)
		if err != nil {
			return nil, err
		}
		value, err := expr.Compile(moved(watermark), errNull)
		if err != nil {
			return nil, err
		}
		var mem vec.Mem
		return func(b *zset.Batch) (*vec.Vec, *vec.Vec, error) {
			mem.Reset()
			b.Schema = schema
			t, err := time.Eval(&expr.Context{Mem: &mem}, b, nil)
			if err != nil {
				return nil, nil, err
			}
			v, err := value.Eval(&expr.Context{Mem: &mem}, b, nil)
			return t, v, err
		}, nil
	}
}
