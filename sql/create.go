package sql

import (
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

func (p *parser) create(c Common) Statement {
	p.expect("CREATE")
	replace := p.accept("OR", "REPLACE")
	switch t := p.next(); {
	case t.Is("TABLE", "SOURCE", "SINK"):
		return p.createTable(c, replace)
	case t.Is("VIEW"):
		return p.createView(c, replace, false)
	case t.Is("MATERIALIZED"):
		p.expect("VIEW")
		return p.createView(c, replace, true)
	case t.Is("QUERY"):
		q := &CreateQuery{Common: c, OrReplace: replace, IfNotExists: p.ifNotExists(), Name: p.name("a query's name")}
		p.expect("AS")
		start := p.peek().Start
		q.Insert = p.insert(Common{Source: p.src, Start: start, End: c.End})
		return q
	default:
		p.fail(t, "CREATE takes TABLE, VIEW, MATERIALIZED VIEW or QUERY, not %s", shown(t))
	}
	return nil
}

func (p *parser) ifNotExists() bool { return p.accept("IF", "NOT", "EXISTS") }

func (p *parser) createView(c Common, replace, materialized bool) Statement {
	v := &CreateView{Common: c, OrReplace: replace, Materialized: materialized, IfNotExists: p.ifNotExists()}
	v.Name = p.name("a view's name")
	if p.peek().Is("(") {
		v.Columns = p.names()
	}
	p.expect("AS")
	v.Tail = p.cutTail()
	if v.Tail.Emit && !materialized {
		panic(Errorf(p.src, v.Tail.Offset, "a view has no EMIT: the query that reads it has").
			WithHint("CREATE MATERIALIZED VIEW makes a view that is kept up to date"))
	}
	if v.Tail.Mode != "" {
		panic(Errorf(p.src, v.Tail.Offset, "a materialized view has no output mode: its result table is always whole"))
	}
	v.Query = p.query(p.until())
	return v
}

func (p *parser) createTable(c Common, replace bool) Statement {
	t := &CreateTable{Common: c, OrReplace: replace, IfNotExists: p.ifNotExists()}
	t.Name = p.name("a table's name")
	p.expect("(")
	for {
		p.tableElement(t)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	if p.accept("WITH") {
		t.Options = p.options()
	}
	p.atEnd()
	p.checkTable(t)
	return t
}

func (p *parser) tableElement(t *CreateTable) {
	switch n := p.peek(); {
	case n.Is("PRIMARY") && p.peekAt(1).Is("KEY"):
		p.at += 2
		if len(t.PrimaryKey) > 0 {
			p.fail(n, "a table has one PRIMARY KEY")
		}
		t.PrimaryKey = p.names()
		p.accept("NOT", "ENFORCED")
	case n.Is("WATERMARK") && p.peekAt(1).Is("FOR"):
		p.at += 2
		if t.Watermark != nil {
			p.fail(n, "a table has one WATERMARK")
		}
		w := &WatermarkDef{Column: p.name("a column's name")}
		p.expect("AS")
		w.Expr = p.expr(p.until(",", ")"))
		t.Watermark = w
	case n.Is("CONSTRAINT", "UNIQUE", "FOREIGN", "CHECK", "INDEX"):
		p.fail(n, "%s is not supported: a stream cannot enforce it", n.Upper)
	default:
		t.Columns = append(t.Columns, p.column(t))
	}
}

func (p *parser) column(t *CreateTable) ColumnDef {
	c := ColumnDef{Name: p.name("a column's name"), Type: types.Of(types.Null)}
	if p.accept("AS") {
		c.Computed = p.expr(p.until(",", ")"))
		return c
	}
	c.Type = p.dataType()
	for {
		switch n := p.peek(); {
		case p.accept("NOT", "NULL"):
			c.NotNull = true
		case p.accept("NULL"):
		case p.accept("PRIMARY", "KEY"):
			if len(t.PrimaryKey) > 0 {
				p.fail(n, "a table has one PRIMARY KEY")
			}
			t.PrimaryKey = []Name{c.Name}
			p.accept("NOT", "ENFORCED")
		case p.accept("METADATA"):
			c.Metadata = strings.ToLower(c.Name.Text)
			if p.accept("FROM") {
				c.Metadata, _ = p.text("a metadata key in quotes")
				c.Metadata = strings.ToLower(c.Metadata)
			}
			p.accept("VIRTUAL")
		case p.accept("COMMENT"):
			p.text("a comment in quotes")
		case p.accept("AS"):
			if !p.peek().Is("(") {
				p.fail(p.peek(), "a computed column is written name AS expression, or name type AS (expression)")
			}
			want := c.Type
			c.Computed = p.expr(p.until(",", ")", "COMMENT", "VIRTUAL", "STORED"))
			c.Type = want
			_ = p.accept("VIRTUAL") || p.accept("STORED")
		case n.Is(",", ")") || n.Kind == EOF:
			return c
		default:
			p.fail(n, "unexpected %s behind the column's type", shown(n))
		}
	}
}

// options reads ('name' = 'value', name = value, …). A dotted name needs no quotes.
func (p *parser) options() []Option {
	p.expect("(")
	var out []Option
	for !p.peek().Is(")") {
		t := p.next()
		o := Option{Offset: t.Start}
		switch {
		case t.Kind == String:
			o.Name = Unquote(t.Text)
		case t.IsName():
			o.Name = t.Name()
			for p.accept(".") {
				o.Name += "." + p.name("an option's name").Text
			}
		default:
			p.fail(t, "an option's name is expected here, not %s", shown(t))
		}
		p.expect("=")
		var v Token
		o.Value, v = p.text("the option's value")
		o.ValueOffset = v.Start
		out = append(out, o)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

// checkTable refuses what contradicts itself within the statement.
func (p *parser) checkTable(t *CreateTable) {
	seen := map[string]bool{}
	for _, c := range t.Columns {
		key := strings.ToLower(c.Name.Text)
		if seen[key] {
			panic(Errorf(p.src, c.Name.Offset, "column %s is there twice", c.Name.Text))
		}
		seen[key] = true
		if c.Type.IsNested() {
			panic(Errorf(p.src, c.Name.Offset, "column %s: %s columns are not supported yet", c.Name.Text, c.Type.Kind).
				WithHint("declare it as JSON and take it apart with json_extract"))
		}
	}
	if len(t.Columns) == 0 {
		panic(t.Errorf(t.Name.Offset, "table %s has no columns", t.Name.Text))
	}
	for _, k := range t.PrimaryKey {
		if !seen[strings.ToLower(k.Text)] {
			panic(Errorf(p.src, k.Offset, "there is no column %s", k.Text))
		}
	}
	if w := t.Watermark; w != nil && !seen[strings.ToLower(w.Column.Text)] {
		panic(Errorf(p.src, w.Column.Offset, "there is no column %s", w.Column.Text))
	}
	options := map[string]bool{}
	for _, o := range t.Options {
		key := strings.ReplaceAll(strings.ToLower(o.Name), "_", ".")
		if options[key] {
			panic(Errorf(p.src, o.Offset, "option '%s' is there twice", o.Name))
		}
		options[key] = true
	}
}
