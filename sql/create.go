package sql

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/internal/suggest"
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
		q := &CreateQuery{Common: c, OrReplace: replace, IfNotExists: p.ifNotExists(replace), Name: p.tableName("a query's name")}
		p.expect("AS")
		start := p.peek()
		if start.Is("WITH") && p.insertBehindWith() > 0 {
			q.Insert = p.withInsert(Common{Source: p.src, Start: start.Start, End: c.End})
			return q
		}
		if !start.Is("INSERT") {
			panic(Errorf(p.src, start.Start, "INSERT is expected here, not %s", shown(start)).
				WithHint("a SELECT whose result is kept is a CREATE MATERIALIZED VIEW"))
		}
		q.Insert = p.insert(Common{Source: p.src, Start: start.Start, End: c.End})
		return q
	default:
		e := Errorf(p.src, t.Start, "CREATE takes TABLE, VIEW, MATERIALIZED VIEW or QUERY, not %s", shown(t))
		if n := suggest.Nearest(t.Text, creatable); n != "" && t.Kind == Word {
			e = e.WithHint("did you mean %s?", n)
		}
		panic(e)
	}
}

var creatable = []string{"TABLE", "SOURCE", "SINK", "VIEW", "MATERIALIZED", "QUERY"}

// ifNotExists reads IF NOT EXISTS, which OR REPLACE leaves without a meaning.
func (p *parser) ifNotExists(replace bool) bool {
	t := p.peek()
	if !p.accept("IF", "NOT", "EXISTS") {
		return false
	}
	if replace {
		p.fail(t, "OR REPLACE and IF NOT EXISTS contradict each other")
	}
	return true
}

func (p *parser) createView(c Common, replace, materialized bool) Statement {
	v := &CreateView{Common: c, OrReplace: replace, Materialized: materialized, IfNotExists: p.ifNotExists(replace)}
	v.Name = p.tableName("a view's name")
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
	t := &CreateTable{Common: c, OrReplace: replace, IfNotExists: p.ifNotExists(replace)}
	t.Name = p.tableName("a table's name")
	switch n := p.peek(); {
	case n.Is("AS"):
		panic(Errorf(p.src, n.Start, "CREATE TABLE … AS is not supported").
			WithHint("CREATE MATERIALIZED VIEW … AS keeps the result of a query; INSERT INTO copies it into a table"))
	case n.Is("LIKE"):
		p.fail(n, "CREATE TABLE … LIKE is not supported yet")
	}
	p.expect("(")
	for {
		p.tableElement(t)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	if p.accept("COMMENT") {
		p.quoted("a comment in quotes")
	}
	if n := p.peek(); n.Is("PARTITIONED") {
		p.fail(n, "PARTITIONED BY is not supported yet")
	}
	if p.accept("WITH") {
		t.Options = p.options()
	}
	p.atEnd()
	p.checkTable(t)
	return t
}

func (p *parser) tableElement(t *CreateTable) {
	switch n := p.peek(); {
	case n.Is("CHECK") && p.peekAt(1).Is("("):
		p.checkOf(t, Name{})
	case n.Is("CONSTRAINT") && p.peekAt(2).Is("CHECK") && p.peekAt(3).Is("("):
		p.next()
		p.checkOf(t, p.name("a constraint's name"))
	case n.Is("CONSTRAINT") && p.peekAt(2).Is("PRIMARY") && p.peekAt(3).Is("KEY"):
		p.at += 2 // its name would be shown nowhere
		p.tableElement(t)
	case n.Is("PRIMARY") && p.peekAt(1).Is("KEY"):
		p.at += 2
		if len(t.PrimaryKey) > 0 {
			p.fail(n, "a table has one PRIMARY KEY")
		}
		t.PrimaryKey = p.names()
		t.NotEnforced = p.accept("NOT", "ENFORCED")
	case n.Is("WATERMARK") && p.peekAt(1).Is("FOR"):
		p.at += 2
		if t.Watermark != nil {
			p.fail(n, "a table has one WATERMARK")
		}
		w := &WatermarkDef{Column: p.name("a column's name")}
		p.expect("AS")
		w.Expr = p.expr(p.until(",", ")"))
		t.Watermark = w
	case n.Is("CONSTRAINT", "UNIQUE", "FOREIGN", "CHECK", "INDEX") && p.peekAt(1).Kind != EOF && !typeBegins(p.peekAt(1)):
		p.fail(n, "%s is not supported: the constraints of a table are PRIMARY KEY, NOT NULL and CHECK", n.Upper)
	default:
		t.Columns = append(t.Columns, p.column(t))
	}
}

// checkOf reads CHECK (condition).
func (p *parser) checkOf(t *CreateTable, name Name) {
	p.expect("CHECK")
	open := p.expect("(")
	ts := p.until(")")
	if len(ts) == 0 {
		p.fail(open, "CHECK needs a condition")
	}
	t.Checks = append(t.Checks, CheckDef{Name: name, Expr: p.expr(ts)})
	p.expect(")")
	p.accept("ENFORCED")
}

// defaultOf reads the expression behind DEFAULT.
func (p *parser) defaultOf() *Expr {
	if p.peek().Is("NULL") {
		p.next()
		return p.expr(p.tokens[p.at-1 : p.at])
	}
	return p.expr(p.until(",", ")", "NOT", "NULL", "PRIMARY", "UNIQUE", "CHECK", "CONSTRAINT", "COMMENT", "METADATA", "ON", "AS", "COLLATE", "REFERENCES"))
}

func (p *parser) column(t *CreateTable) ColumnDef {
	c := ColumnDef{Name: p.name("a column's name"), Type: types.Of(types.Null)}
	if p.accept("AS") {
		ts := p.until(",", ")")
		if n := len(ts); n > 2 && ts[n-2].Is("COMMENT") && ts[n-1].Kind == String {
			ts = ts[:n-2]
		}
		c.Computed = p.expr(ts)
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
			t.NotEnforced = p.accept("NOT", "ENFORCED")
		case p.accept("METADATA"):
			c.Metadata = strings.ToLower(c.Name.Text)
			if p.accept("FROM") {
				c.Metadata = strings.ToLower(p.quoted("a metadata key in quotes"))
			}
			p.accept("VIRTUAL")
		case p.accept("COMMENT"):
			p.quoted("a comment in quotes")
		case p.accept("DEFAULT"):
			c.Default = p.defaultOf()
		case n.Is("CHECK"):
			p.checkOf(t, Name{})
		case n.Is("CONSTRAINT") && p.peekAt(2).Is("CHECK"):
			p.next()
			p.checkOf(t, p.name("a constraint's name"))
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
		case n.Is("AUTO_INCREMENT", "UNIQUE", "REFERENCES", "COLLATE"):
			p.fail(n, "%s is not supported for a column", n.Upper)
		default:
			p.fail(n, "unexpected %s behind the column's type", shown(n))
		}
	}
}

// typeBegins tells a column named check or index from a constraint.
func typeBegins(t Token) bool {
	return t.Kind == Word && plainTypes[t.Upper] != types.Null || t.Is("AS")
}

// quoted reads a text in quotes.
func (p *parser) quoted(what string) string {
	t := p.next()
	if t.Kind != String {
		p.fail(t, "%s is expected here, not %s", what, shown(t))
	}
	return Unquote(t.Text)
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

func (p *parser) noColumn(t *CreateTable, n Name) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name.Text
	}
	e := Errorf(p.src, n.Offset, "there is no column %s", n.Text)
	if near := suggest.Nearest(n.Text, names); near != "" {
		e = e.WithHint("did you mean %s?", near)
	}
	panic(e)
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
	}
	if len(t.Columns) == 0 {
		panic(t.Errorf(t.Name.Offset, "table %s has no columns", t.Name.Text))
	}
	named := t.PrimaryKey
	if t.Watermark != nil {
		named = append(slices.Clone(named), t.Watermark.Column)
	}
	for _, n := range named {
		if !seen[strings.ToLower(n.Text)] {
			p.noColumn(t, n)
		}
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
