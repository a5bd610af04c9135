package datagen

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// A generator makes the rows of one table, whose columns it knows.
type generator struct {
	name  string
	keep  func(n int64) bool
	block int64
	most  int64
	// columns returns what the generator has, given the options.
	columns func(settings) []made
}

// settings are the options that rows depend on.
type settings struct {
	seed uint64
	base int64 // microseconds since 1970
	rate int64 // rows for a second of their own time
	skew bool
}

// A made column has one of three kinds of values. A name may stand there twice, for a
// column that can be of two types.
type made struct {
	name   string
	number func(n int64) int64
	moment func(n int64) int64 // microseconds since 1970
	text   func(to []byte, n int64) []byte
}

// generators are those of option 'generator' beside 'fields'.
var generators = []generator{
	{name: "tweets", block: 1, columns: tweetColumns},
	{name: "nexmark-person", keep: isPerson, block: nexmarkRound, columns: personColumns},
	{name: "nexmark-auction", keep: isAuction, block: nexmarkRound, columns: auctionColumns},
	{name: "nexmark-bid", keep: isBid, block: nexmarkRound, columns: bidColumns},
	{name: "ysb-events", block: 1, columns: adEventColumns},
	{name: "ysb-ads", block: 1, most: ysbAds, columns: adColumns},
}

func generatorNames() []string {
	names := []string{"fields"}
	for _, g := range generators {
		names = append(names, g.name)
	}
	return names
}

// makeRows finds what makes the rows of a table.
func makeRows(t *connectors.Table, seed uint64) (rows, error) {
	name := t.Options.Get("generator")
	for _, g := range generators {
		if g.name == name {
			return g.rows(t, seed)
		}
	}
	out := rows{block: 1}
	for _, c := range t.Columns {
		var f column
		if !c.Computed {
			var err error
			if f, err = fieldColumn(t.Options, c, seed); err != nil {
				return rows{}, err
			}
		}
		out.columns = append(out.columns, f)
	}
	return out, nil
}

func (g *generator) rows(t *connectors.Table, seed uint64) (rows, error) {
	s, err := g.settings(t.Options, seed)
	if err != nil {
		return rows{}, err
	}
	known := g.columns(s)
	out := rows{keep: g.keep, block: g.block, most: g.most}
	for _, c := range t.Columns {
		var f column
		if !c.Computed {
			if f, err = g.column(known, c.Field); err != nil {
				return rows{}, err
			}
		}
		out.columns = append(out.columns, f)
	}
	return out, nil
}

func (g *generator) settings(o connectors.Options, seed uint64) (s settings, err error) {
	s.seed = seed
	base, rate := "2026-01-01", int64(ysbRate)
	switch {
	case g.name == "tweets":
		rate = tweetRate
	case strings.HasPrefix(g.name, "nexmark"):
		base, rate = "2015-07-15", nexmarkRate
	}
	if s.rate, err = o.Int("events.per.second", rate); err != nil {
		return s, err
	}
	if s.rate < 1 {
		return s, fmt.Errorf("option 'events.per.second' is 1 or more")
	}
	if s.skew, err = o.Bool("skew", false); err != nil {
		return s, err
	}
	text := o.String("base.time", base)
	var ok bool
	if s.base, ok = types.ParseTimestamp(text); !ok {
		return s, fmt.Errorf("option 'base.time' must be a time as '2026-01-01 00:00:00', not '%s'", text)
	}
	return s, nil
}

// at is the time of row n, of whole milliseconds as the benchmarks have them.
func (s *settings) at(n int64) int64 { return s.base + s.millis(n)*1000 }

// millis is how many milliseconds row n is behind the first.
func (s *settings) millis(n int64) int64 { return n/s.rate*1000 + n%s.rate*1000/s.rate }

// column finds how a column of a table is made.
func (g *generator) column(known []made, f types.Field) (column, error) {
	var names []string
	wanted := ""
	for _, m := range known {
		if len(names) == 0 || names[len(names)-1] != m.name {
			names = append(names, m.name)
		}
		if !strings.EqualFold(m.name, f.Name) {
			continue
		}
		if c := m.fits(f.Type); c != nil {
			return c, nil
		}
		if wanted != "" {
			wanted += " or "
		}
		wanted += m.kind()
	}
	if wanted == "" {
		return nil, fmt.Errorf("generator '%s' has no column %s; it has %s", g.name, f.Name, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("generator '%s': column %s is a %s", g.name, f.Name, wanted)
}

func (m *made) kind() string {
	switch {
	case m.text != nil:
		return "VARCHAR"
	case m.moment != nil:
		return "TIMESTAMP"
	}
	return "BIGINT"
}

// fits returns how the column is appended as a type, nil where it does not go.
func (m *made) fits(t types.Type) column {
	switch {
	case m.text != nil && t.Kind == types.Varchar:
		return func(b *vec.Builder, rows []int64) {
			for _, n := range rows {
				b.EndBytes(m.text(b.Tail(), n))
			}
		}
	case m.moment != nil && t.Kind == types.Timestamp:
		unit := int64(1)
		for range 6 - t.Precision {
			unit *= 10
		}
		return func(b *vec.Builder, rows []int64) {
			for _, n := range rows {
				v := m.moment(n)
				vec.Append(b, v-((v%unit)+unit)%unit)
			}
		}
	case m.number != nil && t.IsInteger() && !t.IsUnsigned():
		return func(b *vec.Builder, rows []int64) {
			for _, n := range rows {
				if !vec.AppendInt(b, m.number(n)) {
					b.AppendNull()
				}
			}
		}
	}
	return nil
}
