package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// session tells sessions by breaks: a row is the first of one where none lies within the gap
// before it, and rows with as many breaks up to them are of one.
func (p *printer) session(x *logical.Session, params []string) string {
	in := p.from(x.Input, params)
	at := in.cols[x.Time]
	over := " OVER (" + partitioned(x.Partition, in.cols) + "ORDER BY " + at + ")"
	broken := p.named("("+selected(append(slices.Clone(in.cols), fmt.Sprintf("CASE WHEN %s - LAG(%s)%s <= %d THEN 0 ELSE 1 END", at, at, over, x.Gap)))+
		" FROM "+in.text+fmt.Sprintf(" WHERE %s < %d)", at, types.EndTimestamp-x.Gap), len(in.cols)+1)
	width := len(in.cols)
	at = broken.cols[x.Time]
	over = " OVER (" + partitioned(x.Partition, broken.cols) + "ORDER BY " + at + ")"
	counted := p.named("("+selected(append(slices.Clone(broken.cols[:width]), "SUM("+broken.cols[width]+")"+over))+" FROM "+broken.text+")", width+1)
	at = counted.cols[x.Time]
	over = " OVER (" + partitioned(append(slices.Clone(x.Partition), width), counted.cols) + ")"
	start, end := "MIN("+at+")"+over, fmt.Sprintf("MAX(%s)%s + %d", at, over, x.Gap)
	return selected(append(slices.Clone(counted.cols[:width]), start, end, end+" - 1000")) + " FROM " + counted.text
}

// expand puts windows of elapsed time beside rows.
func (p *printer) expand(x *logical.Expand, params []string) string {
	name := x.Func.Name
	if name != "tumble" && name != "hop" || x.Outer || x.Func.Args[0].Zoned {
		panic(Missing("*logical.Expand"))
	}
	lengths := []int64{}
	for _, a := range x.Args[1:] {
		l, ok := a.(*expr.Literal)
		if !ok || l.Value.(vec.IntervalValue).Months != 0 {
			panic(Missing("intervals of months"))
		}
		lengths = append(lengths, l.Value.(vec.IntervalValue).Micros)
	}
	if name == "tumble" {
		lengths = append(lengths[:1:1], lengths...)
	}
	every, size, offset := lengths[0], lengths[1], int64(0)
	if len(lengths) > 2 {
		offset = lengths[2]
	}
	in := p.from(x.Input, params)
	width := len(in.cols)
	timed := p.named("("+selected(append(slices.Clone(in.cols), p.expr(x.Args[0], scope{in.cols, params})))+" FROM "+in.text+")", width+1)
	t := timed.cols[width]
	var back []string // how many steps before the last one that begins at or before the row
	for i := int64(0); i*every < size; i++ {
		back = append(back, fmt.Sprintf("SELECT %d AS c0", i*every))
	}
	if len(back) > 400 {
		panic(Missing("*logical.Expand"))
	}
	steps := p.named("("+strings.Join(back, " UNION ALL ")+")", 1)
	// % has the sign of the time: it is made positive first.
	start := fmt.Sprintf("(%s - ((%s - %d) %% %d + %d) %% %d - %s)", t, t, offset, every, every, every, steps.cols[0])
	end := fmt.Sprintf("%s + %d", start, size)
	there := fmt.Sprintf(" WHERE %s > %s AND %s >= %d AND %s < %d", end, t, start, types.MinTimestamp, end, types.EndTimestamp)
	return selected(append(slices.Clone(timed.cols[:width]), start, end, end+" - 1000")) + " FROM " + timed.text + ", " + steps.text + there
}
