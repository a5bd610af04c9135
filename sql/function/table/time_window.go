package table

import (
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// The arguments of the functions that give windows are the time, then INTERVALs: in SQL the
// rows of a table stand before them, and DESCRIPTOR around the time.

// Tumble is TUMBLE(TABLE t, DESCRIPTOR(time), size[, offset]).
var Tumble = function.Table{
	Name: "tumble", Takes: []string{"size", "offset"},
	Doc: "The rows of a table, each with the window of time that it falls into. Windows of one size stand side by side, from 1970-01-01 00:00:00 plus the offset on in both directions.",
	Examples: []function.TableExample{
		{
			Call: "tumble((SELECT TIMESTAMP '2026-11-25 10:20:37' AS ts), DESCRIPTOR(ts), INTERVAL 10 SECOND)",
			Rows: `"2026-11-25 10:20:37" "2026-11-25 10:20:30.000" "2026-11-25 10:20:40.000" "2026-11-25 10:20:39.999"`,
		},
		{
			Call: "tumble((SELECT TIMESTAMP '2026-11-25 10:20:37' AS ts), DESCRIPTOR(ts), INTERVAL 1 MONTH, INTERVAL 6 HOUR)",
			Rows: `"2026-11-25 10:20:37" "2026-11-01 06:00:00.000" "2026-12-01 06:00:00.000" "2026-12-01 05:59:59.999"`,
		},
	},
	Bind: windowKind{"tumble", 1, tumbling, []int{}}.bind,
}

// Hop is HOP(TABLE t, DESCRIPTOR(time), slide, size[, offset]).
var Hop = function.Table{
	Name: "hop", Takes: []string{"slide", "size", "offset"},
	Doc: "The rows of a table, once for each window of time that holds them. A window begins every slide and lasts size; where that is shorter there are gaps, and rows that fall into none.",
	Examples: []function.TableExample{
		{
			Call: "hop((SELECT TIMESTAMP '2026-11-25 10:20:37' AS ts), DESCRIPTOR(ts), INTERVAL 5 SECOND, INTERVAL 10 SECOND)",
			Rows: `"2026-11-25 10:20:37" "2026-11-25 10:20:30.000" "2026-11-25 10:20:40.000" "2026-11-25 10:20:39.999"` + "\n" +
				`"2026-11-25 10:20:37" "2026-11-25 10:20:35.000" "2026-11-25 10:20:45.000" "2026-11-25 10:20:44.999"`,
		},
		{Call: "hop((SELECT TIMESTAMP '2026-11-25 10:20:37' AS ts), DESCRIPTOR(ts), INTERVAL 10 SECOND, INTERVAL 5 SECOND)", Rows: ""},
	},
	Bind: windowKind{"hop", 2, hopping, []int{0}}.bind,
}

// Cumulate is CUMULATE(TABLE t, DESCRIPTOR(time), step, max[, offset]).
var Cumulate = function.Table{
	Name: "cumulate", Takes: []string{"step", "max", "offset"},
	Doc: "The rows of a table, once for each window of time that holds them. Windows begin side by side, a max apart; from each beginning there is one for every multiple of the step, up to the whole.",
	Examples: []function.TableExample{
		{
			Call: "cumulate((SELECT TIMESTAMP '2026-11-25 10:20:37' AS ts), DESCRIPTOR(ts), INTERVAL 5 SECOND, INTERVAL 10 SECOND)",
			Rows: `"2026-11-25 10:20:37" "2026-11-25 10:20:30.000" "2026-11-25 10:20:40.000" "2026-11-25 10:20:39.999"`,
		},
		{
			Call: "cumulate((SELECT TIMESTAMP '2026-11-25 10:20:32' AS ts), DESCRIPTOR(ts), INTERVAL 5 SECOND, INTERVAL 10 SECOND)",
			Rows: `"2026-11-25 10:20:32" "2026-11-25 10:20:30.000" "2026-11-25 10:20:35.000" "2026-11-25 10:20:34.999"` + "\n" +
				`"2026-11-25 10:20:32" "2026-11-25 10:20:30.000" "2026-11-25 10:20:40.000" "2026-11-25 10:20:39.999"`,
		},
	},
	Bind: windowKind{"cumulate", 2, cumulating, []int{1}}.bind,
}

const (
	// longest is how long an interval of a window may be.
	longest = 10_000 * 366 * types.MicrosPerDay
	// maxWindows is how many windows may hold one row.
	maxWindows = 100_000
)

// A windowKind is one of the functions.
type windowKind struct {
	name    string
	lengths int // how many INTERVALs it takes before the offset
	divide  func([]span) (*division, error)
	key     []int // of function.BoundTable
}

// bind reads the arguments. A column of a zone is divided by the days and months of its
// calendar where the lengths are made of those, else as UTC is.
func (k windowKind) bind(args []types.Type, constants []any) (*function.BoundTable, error) {
	n := k.lengths
	at, err := timeColumn(args)
	if err != nil {
		return nil, err
	}
	spans := make([]span, n+1)
	for i := 1; i < len(args); i++ {
		if spans[i-1], err = length(k.name, args[i], constants[i], i, i <= n); err != nil {
			return nil, err
		}
	}
	d, err := k.divide(spans[:n])
	if err != nil {
		return nil, err
	}
	if d.starts.offset, err = offset(spans[n], d.starts.every, n+1); err != nil {
		return nil, err
	}
	if at.Zoned && d.starts.every.whole() && d.size.whole() {
		d.starts.zone = at.Zone
	}
	as := at
	as.Precision = 3
	for _, s := range spans {
		if s.micros%1000 != 0 {
			as.Precision = types.MaxFraction
		}
	}
	b := &function.BoundTable{Name: k.name, Args: []types.Type{at}, Columns: windowColumns(as), Key: k.key, Pure: true}
	for range args[1:] {
		b.Args = append(b.Args, types.Of(types.Interval))
	}
	if k.name != "tumble" && elapsed(spans...) && d.starts.zone == nil {
		if b.Slices, err = d.slices(at); err != nil {
			return nil, err
		}
	}
	w := &windowRows{d}
	b.Rows, b.Least = w.rows, d.least
	if d.step != (span{}) {
		b.Later = []int{0} // windows that begin together end one after the other
	}
	if d.starts.zone == nil && d.starts.every.months == 0 && d.size.months == 0 && d.step == (span{}) {
		b.Batch = w.batch
	}
	return b, nil
}

// elapsed reports that no span is of months.
func elapsed(spans ...span) bool {
	return !slices.ContainsFunc(spans, func(s span) bool { return s.months != 0 })
}

// slices are those of windows of elapsed time: as long as all lengths are multiples of.
func (d *division) slices(at types.Type) (*function.Slices, error) {
	every, size := d.starts.every.micros, d.size.micros
	out := &function.Slices{Windows: int((size + every - 1) / every)}
	if d.step.micros > 0 {
		every, out.Windows = d.step.micros, int((size/d.step.micros+1)/2)
	}
	for out.Size = size; every > 0; {
		out.Size, every = every, out.Size%every
	}
	out.Offset = d.starts.offset.micros % out.Size
	args, constants := []types.Type{at, types.Of(types.Interval)}, []any{nil, vec.IntervalValue{Micros: out.Size}}
	if out.Offset != 0 {
		args, constants = append(args, types.Of(types.Interval)), append(constants, vec.IntervalValue{Micros: out.Offset})
	}
	tumble := windowKind{"tumble", 1, tumbling, []int{}}
	var err error
	if out.Func, err = tumble.bind(args, constants); err != nil {
		return nil, err
	}
	out.Func.Given = constants
	return out, nil
}

// windowColumns are the columns of a window whose ends are of a type.
func windowColumns(t types.Type) []types.Field {
	return []types.Field{{Name: "window_start", Type: t, NotNull: true}, {Name: "window_end", Type: t, NotNull: true}, {Name: "window_time", Type: t, NotNull: true}}
}

// timeColumn is the type that the time of a window is taken in.
func timeColumn(args []types.Type) (types.Type, error) {
	switch t := args[0]; t.Kind {
	case types.Timestamp:
		return t, nil
	case types.Date:
		return types.Type{Kind: types.Timestamp}, nil
	default:
		return t, &function.ArgumentError{Text: fmt.Sprintf("the time of a window is a TIMESTAMP or DATE, not a %s", t), Hint: "a computed column or a query in the place of the table can convert it: TO_TIMESTAMP(x), CAST(x AS TIMESTAMP(3))"}
	}
}

// length reads an INTERVAL; a positive one cannot be 0 or less.
func length(name string, t types.Type, constant any, arg int, positive bool) (span, error) {
	v, ok := constant.(vec.IntervalValue)
	switch {
	case !ok && t.Kind == types.Interval:
		return span{}, &function.ArgumentError{Arg: arg, Text: "the INTERVAL of a window is a constant"}
	case !ok:
		return span{}, &function.ArgumentError{Arg: arg, Text: fmt.Sprintf("%s takes an INTERVAL here, not a %s", name, t), Hint: "as in INTERVAL 10 SECOND"}
	case v.Months != 0 && v.Micros != 0:
		return span{}, &function.ArgumentError{Arg: arg, Text: "the INTERVAL of a window is of months or of days and less, not of both"}
	case positive && v.Months <= 0 && v.Micros <= 0:
		return span{}, &function.ArgumentError{Arg: arg, Text: "the INTERVAL of a window is longer than 0"}
	case max(v.Months, -v.Months) > longest/(31*types.MicrosPerDay), v.Micros > longest, v.Micros < -longest:
		return span{}, &function.ArgumentError{Arg: arg, Text: "the INTERVAL is longer than all the time there is"}
	}
	return span{v.Months, v.Micros}, nil
}

// offset is an offset of windows that begin a span apart, not below 0 and less than that.
func offset(s, every span, arg int) (span, error) {
	switch {
	case s.months == 0 && every.months == 0:
		s.micros -= floorDiv(s.micros, every.micros) * every.micros
	case s.months != 0 && every.months == 0:
		return s, &function.ArgumentError{Arg: arg, Text: "an offset of months goes with windows of months"}
	case s.months != 0:
		s.months -= floorDiv(s.months, every.months) * every.months
	}
	return s, nil
}

func tumbling(s []span) (*division, error) {
	return &division{starts: grid{every: s[0]}, size: s[0]}, nil
}

func hopping(s []span) (*division, error) {
	slide, size := s[0], s[1]
	if (size.micros+31*types.MicrosPerDay*size.months)/(slide.micros+28*types.MicrosPerDay*slide.months) >= maxWindows {
		return nil, &function.ArgumentError{Arg: 1, Text: fmt.Sprintf("a row would be in more than %d windows", maxWindows)}
	}
	return &division{starts: grid{every: slide}, size: size}, nil
}

func cumulating(s []span) (*division, error) {
	step, most := s[0], s[1]
	fits := true
	switch {
	case step.months != 0 && most.months != 0:
		fits = most.months%step.months == 0
	case step.months != 0:
		fits = false
	case most.months != 0: // a month has any number of days
		fits = types.MicrosPerDay%step.micros == 0
	default:
		fits = most.micros%step.micros == 0
	}
	switch {
	case !fits:
		return nil, &function.ArgumentError{Arg: 2, Text: "the longest window is not a multiple of the step"}
	case step.micros > 0 && (most.micros+31*types.MicrosPerDay*most.months)/step.micros > maxWindows:
		return nil, &function.ArgumentError{Arg: 1, Text: fmt.Sprintf("a row would be in more than %d windows", maxWindows)}
	}
	return &division{starts: grid{every: most}, size: most, step: step}, nil
}

// windowRows writes the windows of rows.
type windowRows struct{ *division }

// rows implements the Rows of a function.BoundTable.
func (w *windowRows) rows(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
	if args[0].IsNull(row) {
		return 0, nil
	}
	t, n := function.IntAt(args[0], row), 0
	if t < types.MinTimestamp || t >= types.EndTimestamp {
		return 0, errBeyond()
	}
	each := w.hop
	if w.step != (span{}) {
		each = w.cumulate
	}
	if !each(t, func(start, end int64) bool {
		if start < types.MinTimestamp || end >= types.EndTimestamp || end-1000 < types.MinTimestamp {
			return false
		}
		vec.Append(out[0], start)
		vec.Append(out[1], end)
		vec.Append(out[2], end-1000)
		n++
		return true
	}) {
		return 0, errBeyond()
	}
	return n, nil
}

func errBeyond() error {
	return fmt.Errorf("the window begins before the year 1 or ends after the year 9999")
}

// batch implements the Batch of a function.BoundTable, for windows of elapsed time.
func (w *windowRows) batch(args []*vec.Vec, from int, sel []int32, out []*vec.Builder) (int, []int32) {
	every, offset, size := w.starts.every.micros, w.starts.offset.micros, w.size.micros
	times := args[0]
	at, step := vec.Slice[int64](times), 1
	if times.Const {
		step = 0
	}
	for row := from; row < times.Len; row++ {
		if len(sel) >= vec.BatchRows {
			return row, sel
		}
		if times.IsNull(row) {
			continue
		}
		t := at[row*step] - offset
		last := floorDiv(t, every) * every
		first := last
		if size != every {
			first = (floorDiv(t-size, every) + 1) * every
		}
		if first+offset < types.MinTimestamp+1000 || last+offset+size >= types.EndTimestamp {
			return row, sel
		}
		for start := first + offset; start <= last+offset; start += every {
			vec.Append(out[0], start)
			vec.Append(out[1], start+size)
			vec.Append(out[2], start+size-1000)
			sel = append(sel, int32(row))
		}
	}
	return times.Len, sel
}
