package sql

import "strconv"

func (p *parser) insert(c Common) *Insert {
	ins := p.insertInto(c)
	ins.Query = p.query(p.insertQuery(ins))
	return ins
}

// insertInto reads INSERT INTO t (columns), or REPLACE, and the tail.
func (p *parser) insertInto(c Common) *Insert {
	ins := &Insert{Common: c, Replace: p.next().Is("REPLACE")}
	switch t := p.peek(); {
	case t.Is("OVERWRITE"):
		p.fail(t, "INSERT OVERWRITE is not supported yet")
	case t.Is("IGNORE") && !ins.Replace:
		ins.Ignore = true
		p.next()
	case t.Is("IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"):
		p.fail(t, "%s %s is not supported", p.tokens[p.at-1].Upper, t.Upper)
	}
	p.expect("INTO")
	p.accept("TABLE")
	ins.Target = p.tableName("a table's name")
	if p.peek().Is("(") && !p.peekAt(1).Is("SELECT", "WITH", "VALUES", "(") {
		ins.Columns = p.names()
	}
	ins.Tail = p.cutTail()
	return ins
}

// insertQuery takes the query of an INSERT, and reads what stands behind it: the name
// of its rows, and ON DUPLICATE KEY UPDATE.
func (p *parser) insertQuery(ins *Insert) []Token {
	first, end := p.at, p.onDuplicate()
	if end < 0 {
		return p.until()
	}
	query := p.tokens[first:end]
	if ins.Replace {
		p.fail(p.tokens[end], "REPLACE has no ON DUPLICATE KEY UPDATE: it puts the whole row in the place of the other")
	}
	if ins.Ignore {
		p.fail(p.tokens[end], "INSERT IGNORE has no ON DUPLICATE KEY UPDATE: it leaves the row that has the key as it is")
	}
	ins.On = p.tokens[end].Start
	if as := aliasOfRows(query); as >= 0 {
		p.at = first + as + 1
		ins.Alias = p.name("a name for the row")
		if p.peek().Is("(") {
			ins.AliasColumns = p.names()
		}
		query = query[:as]
	}
	p.at = end
	p.expect("ON")
	p.expect("DUPLICATE")
	p.expect("KEY")
	p.expect("UPDATE")
	ins.OnDuplicate = p.assignments()
	p.atEnd()
	return query
}

// onDuplicate returns where ON DUPLICATE KEY stands, -1 where it does not.
func (p *parser) onDuplicate() int {
	depth := 0
	for i := p.at; i < len(p.tokens); i++ {
		t := p.tokens[i]
		switch {
		case t.Is("(", "["):
			depth++
		case t.Is(")", "]"):
			depth--
		case depth == 0 && t.Is("ON") && tokenAt(p.tokens, i+1).Is("DUPLICATE"):
			return i
		}
	}
	return -1
}

// aliasOfRows returns where AS name, or AS name (columns), stands at the end of VALUES;
// -1 where it does not.
func aliasOfRows(query []Token) int {
	if len(query) == 0 || !query[0].Is("VALUES", "VALUE") {
		return -1
	}
	depth := 0
	for i, t := range query {
		switch {
		case t.Is("(", "["):
			depth++
		case t.Is(")", "]"):
			depth--
		case depth == 0 && t.Is("AS"):
			return i
		}
	}
	return -1
}

// assignments reads column = expression, ….
func (p *parser) assignments(stops ...string) []Assignment {
	var out []Assignment
	for {
		a := Assignment{Column: p.name("a column's name")}
		if p.peek().Is(".") {
			p.fail(p.peek(), "the column is written without its table: only one table is changed")
		}
		p.expect("=")
		ts := p.until(append(stops, ",")...)
		if a.Default = len(ts) == 1 && ts[0].Is("DEFAULT"); !a.Default {
			a.Expr = p.expr(ts)
		}
		out = append(out, a)
		if !p.accept(",") {
			return out
		}
	}
}

func (p *parser) delete(c Common) Statement {
	p.expect("DELETE")
	p.expect("FROM")
	d := &Delete{Common: c, Target: p.tableName("a table's name")}
	d.Alias = p.alias("WHERE", "ORDER", "LIMIT", "USING")
	if t := p.peek(); t.Is("USING", ",") {
		panic(Errorf(p.src, t.Start, "DELETE changes one table").WithHint("write WHERE … IN (SELECT …) to look into others"))
	}
	d.Rows = p.rows()
	p.atEnd()
	return d
}

func (p *parser) truncate(c Common) Statement {
	p.expect("TRUNCATE")
	p.accept("TABLE")
	d := &Delete{Common: c, Truncate: true, Target: p.tableName("a table's name"), Rows: Rows{Limit: -1}}
	p.atEnd()
	return d
}

func (p *parser) update(c Common) Statement {
	p.expect("UPDATE")
	u := &Update{Common: c, Target: p.tableName("a table's name")}
	u.Alias = p.alias("SET", "JOIN", "INNER", "LEFT", "RIGHT", "CROSS", "NATURAL")
	if t := p.peek(); t.Is(",", "JOIN", "INNER", "LEFT", "RIGHT", "CROSS", "NATURAL") {
		panic(Errorf(p.src, t.Start, "UPDATE changes one table").
			WithHint("write SET column = (SELECT …) and WHERE … IN (SELECT …) to look into others"))
	}
	p.expect("SET")
	u.Set = p.assignments("WHERE", "ORDER", "LIMIT")
	u.Rows = p.rows()
	p.atEnd()
	return u
}

// alias reads [AS] name, if one of the words that may follow does not stand there.
func (p *parser) alias(follow ...string) Name {
	if p.accept("AS") || p.peek().IsName() && !p.peek().Is(follow...) {
		return p.name("a name for the table")
	}
	return Name{}
}

// nulls reads NULLS FIRST or NULLS LAST, and reports that it is not what the direction says.
func (p *parser) nulls(desc bool) bool {
	switch {
	case p.accept("NULLS", "FIRST"):
		return desc
	case p.accept("NULLS", "LAST"):
		return !desc
	}
	return false
}

// rows reads [WHERE condition] [ORDER BY …] [LIMIT n].
func (p *parser) rows() Rows {
	r := Rows{Limit: -1}
	if p.accept("WHERE") {
		r.Where = p.expr(p.until("ORDER", "LIMIT"))
	}
	if p.accept("ORDER", "BY") {
		for {
			item := OrderItem{Expr: p.expr(p.until(",", "LIMIT", "ASC", "DESC", "NULLS"))}
			item.Desc = p.accept("DESC")
			_ = item.Desc || p.accept("ASC")
			item.Apart = p.nulls(item.Desc)
			r.Order = append(r.Order, item)
			if !p.accept(",") {
				break
			}
		}
	}
	if p.accept("LIMIT") {
		t := p.next()
		n, err := strconv.ParseInt(t.Text, 10, 64)
		if t.Kind != Number || err != nil {
			p.fail(t, "LIMIT takes a whole number here, not %s", shown(t))
		}
		r.Limit = n
	}
	return r
}
