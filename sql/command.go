package sql

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/internal/suggest"
)

// verbs are the words that begin a statement.
var verbs = []string{"SELECT", "WITH", "VALUES", "TABLE", "CREATE", "INSERT", "DROP", "SET", "SHOW", "DESCRIBE", "EXPLAIN", "STOP", "RESUME", "DELETE", "UPDATE", "REPLACE", "TRUNCATE"}

func (p *parser) common() Common {
	return Common{Source: p.src, Start: p.tokens[0].Start, End: p.end().End}
}

func (p *parser) statement() Statement {
	t := p.peek()
	c := p.common()
	switch {
	case t.Is("WITH") && p.insertBehindWith() > 0:
		return p.withInsert(c)
	case t.Is("SELECT", "WITH", "VALUES", "TABLE", "("):
		return p.selectStatement(c)
	case t.Is("CREATE"):
		return p.create(c)
	case t.Is("INSERT", "REPLACE"):
		return p.insert(c)
	case t.Is("DROP"):
		return p.drop(c)
	case t.Is("SET"):
		return p.set(c)
	case t.Is("SHOW"):
		return p.show(c)
	case t.Is("DESCRIBE", "DESC"):
		p.next()
		p.accept("TABLE")
		if q := p.peek(); q.Is("SELECT", "WITH") {
			panic(Errorf(p.src, q.Start, "DESCRIBE takes a table").WithHint("EXPLAIN shows how a query is run"))
		}
		d := &Describe{c, p.tableName("a table's name")}
		p.atEnd()
		return d
	case t.Is("EXPLAIN"):
		return p.explain(c)
	case t.Is("STOP"):
		p.next()
		p.expect("QUERY")
		s := &StopQuery{c, p.name("a query's name")}
		p.atEnd()
		return s
	case t.Is("RESUME"):
		p.next()
		p.expect("QUERY")
		r := &ResumeQuery{c, p.name("a query's name")}
		p.atEnd()
		return r
	case t.Is("DELETE"):
		return p.delete(c)
	case t.Is("UPDATE"):
		return p.update(c)
	case t.Is("TRUNCATE"):
		return p.truncate(c)
	}
	e := Errorf(p.src, t.Start, "a statement cannot begin with %s", shown(t))
	if t.Is("FROM") {
		panic(e.WithHint("begin with SELECT"))
	}
	if n := suggest.Nearest(t.Text, verbs); n != "" && t.Kind == Word {
		e = e.WithHint("did you mean %s?", n)
	}
	panic(e)
}

// insertBehindWith returns where INSERT stands behind WITH name AS (query), …; 0 where
// it does not.
func (p *parser) insertBehindWith() int {
	depth := 0
	for i, t := range p.tokens[p.at:] {
		switch {
		case t.Is("(", "["):
			depth++
		case t.Is(")", "]"):
			depth--
		case depth == 0 && t.Is("SELECT", "VALUES"):
			return 0
		case depth == 0 && t.Is("INSERT", "REPLACE") && p.tokens[p.at+i-1].Is(")"):
			return p.at + i
		}
	}
	return 0
}

// withInsert reads WITH … INSERT INTO t SELECT …, which means INSERT INTO t WITH …
// SELECT ….
func (p *parser) withInsert(c Common) *Insert {
	i := p.insertBehindWith()
	with := p.tokens[p.at:i]
	p.at = i
	ins := p.insertInto(c)
	ts := p.insertQuery(ins)
	if len(ts) > 0 && ts[0].Is("WITH") {
		p.fail(ts[0], "there is a WITH before the INSERT already")
	}
	ins.Query = p.query(append(slices.Clone(with), ts...))
	return ins
}

func (p *parser) selectStatement(c Common) Statement {
	tail := p.cutTail()
	return &Select{Common: c, Query: p.query(p.until()), Tail: tail}
}

// cutTail takes EMIT … off the end of the tokens.
func (p *parser) cutTail() Tail {
	depth := 0
	for i := p.at; i < len(p.tokens); i++ {
		t := p.tokens[i]
		switch {
		case t.Is("(", "["):
			depth++
		case t.Is(")", "]"):
			depth--
		case depth == 0 && t.Is("EMIT") && p.beginsTail(i):
			sub := &parser{src: p.src, tokens: p.tokens, at: i}
			tail := sub.tail()
			p.tokens = p.tokens[:i]
			return tail
		case depth == 0 && t.Is("TRIGGER") && tokenAt(p.tokens, i+1).Is("EVERY", "ONCE", "AVAILABLE"):
			panic(Errorf(p.src, t.Start, "TRIGGER belongs behind EMIT").
				WithHint("write EMIT TRIGGER … to run the query continuously"))
		case depth == 0 && t.Is("OUTPUT") && tokenAt(p.tokens, i+1).Is("MODE"):
			panic(Errorf(p.src, t.Start, "OUTPUT MODE is not supported").WithHint("write EMIT APPEND, EMIT UPDATE or EMIT COMPLETE"))
		}
	}
	return Tail{}
}

// beginsTail tells the clause EMIT from a column of that name.
func (p *parser) beginsTail(i int) bool {
	prev, next := tokenAt(p.tokens, i-1), tokenAt(p.tokens, i+1)
	groupAll := prev.Is("ALL") && tokenAt(p.tokens, i-2).Is("BY")
	before := prev.Kind == Word && prev.Upper != "NULL" && !groupAll &&
		(structural[prev.Upper] || infixes[prev.Upper] || connectives[prev.Upper])
	if prev.Kind == Symbol && !prev.Is(")", "]", "*") || before {
		return false
	}
	return next.Kind == EOF || next.Kind == Word && !structural[next.Upper] && !infixes[next.Upper] && !joinWords[next.Upper] ||
		next.Is("ON", "WITH") // EMIT ON WINDOW CLOSE, EMIT WITH DELAY: understood to be refused
}

func (p *parser) tail() Tail {
	t := p.expect("EMIT")
	tail := Tail{Emit: true, Offset: t.Start}
	switch m := p.peek(); {
	case m.Is("APPEND", "UPDATE", "COMPLETE"):
		tail.Mode = p.next().Upper
	case m.Kind != EOF && !m.Is("TRIGGER", "STATE"):
		e := Errorf(p.src, m.Start, "EMIT takes APPEND, UPDATE or COMPLETE, not %s", shown(m))
		switch {
		case m.Is("CHANGES"):
			e = e.WithHint("every change: EMIT UPDATE")
		case m.Is("FINAL", "ON", "AFTER"):
			e = e.WithHint("final results only: EMIT APPEND")
		case m.Is("EVERY", "ONCE", "AVAILABLE"):
			e = e.WithHint("write EMIT TRIGGER %s …", m.Upper)
		}
		panic(e)
	}
	if p.accept("TRIGGER") {
		tail.Trigger = p.trigger()
	}
	if p.accept("STATE") {
		p.expect("TTL")
		tail.Forget = p.duration()
	}
	p.atEnd()
	return tail
}

func (p *parser) trigger() Trigger {
	switch t := p.next(); {
	case t.Is("ONCE"):
		return Trigger{Once: true}
	case t.Is("AVAILABLE"):
		p.expect("NOW")
		return Trigger{AvailableNow: true}
	case t.Is("EVERY"):
		return Trigger{Every: p.duration()}
	default:
		p.fail(t, "TRIGGER takes EVERY n unit, AVAILABLE NOW or ONCE, not %s", shown(t))
	}
	return Trigger{}
}

// duration reads "[INTERVAL] n unit".
func (p *parser) duration() time.Duration {
	p.accept("INTERVAL")
	t := p.next()
	text := t.Text
	if t.Kind == String {
		text = Unquote(t.Text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if t.Kind != Number && t.Kind != String || err != nil || n <= 0 {
		p.fail(t, "a whole number above zero is expected here, not %s", shown(t))
	}
	u := p.next()
	unit := map[string]time.Duration{
		"MICROSECOND": time.Microsecond, "MILLISECOND": time.Millisecond, "SECOND": time.Second, "MINUTE": time.Minute,
		"HOUR": time.Hour, "DAY": 24 * time.Hour,
	}[singular(u.Upper)]
	if unit == 0 || n > int64(365*24*time.Hour/unit) {
		p.fail(u, "a unit from MICROSECOND to DAY and a span of at most a year is expected here, not %s", shown(u))
	}
	return time.Duration(n) * unit
}

func (p *parser) drop(c Common) Statement {
	p.expect("DROP")
	d := &Drop{Common: c}
	switch t := p.next(); {
	case t.Is("TABLE", "SOURCE", "SINK"):
		d.Kind = "TABLE"
	case t.Is("VIEW", "QUERY"):
		d.Kind = t.Upper
	case t.Is("MATERIALIZED"):
		p.expect("VIEW")
		d.Kind = "MATERIALIZED VIEW"
	default:
		p.fail(t, "DROP takes TABLE, VIEW, MATERIALIZED VIEW or QUERY, not %s", shown(t))
	}
	d.IfExists = p.accept("IF", "EXISTS")
	d.Name = p.tableName("a name")
	if t := p.peek(); t.Is(",") {
		p.fail(t, "DROP takes one name")
	} else if t.Is("CASCADE", "RESTRICT") {
		p.fail(t, "DROP %s is not supported: what is still read by something else is never dropped", t.Upper)
	}
	p.atEnd()
	return d
}

func (p *parser) set(c Common) Statement {
	p.expect("SET")
	t := p.peek()
	s := &Set{Common: c}
	switch {
	case t.Kind == EOF:
		panic(Errorf(p.src, t.Start, "SET needs a name and a value").WithHint("SHOW SETTINGS lists the settings"))
	case t.Kind == Var:
		p.fail(t, "variables are not supported; SET changes settings")
	case t.Kind == String:
		p.next()
		s.Name = Name{Unquote(t.Text), t.Start}
	default:
		s.Name = p.name("a setting's name")
		for p.accept(".") {
			s.Name.Text += "." + p.name("a setting's name").Text
		}
	}
	p.expect("=")
	s.Value, _ = p.text("a value")
	p.atEnd()
	return s
}

var shows = []string{"TABLES", "VIEWS", "QUERIES", "FUNCTIONS", "TOPICS", "SETTINGS", "STATE", "WATERMARKS", "SOURCES", "SINKS"}

func (p *parser) show(c Common) Statement {
	p.expect("SHOW")
	s := &Show{Common: c}
	if p.peek().Is("MATERIALIZED") && p.peekAt(1).Is("VIEWS") {
		p.next()
	}
	t := p.next()
	switch {
	case t.Is("CREATE"):
		s.What = "CREATE"
		if !p.accept("TABLE") && !p.accept("VIEW") {
			p.accept("MATERIALIZED", "VIEW")
		}
		s.Name = p.name("a name")
	case t.Kind == Word && slices.Contains(shows, t.Upper):
		s.What = t.Upper
		if t.Is("SOURCES", "SINKS") {
			s.What = "TABLES"
		}
	default:
		e := Errorf(p.src, t.Start, "SHOW takes %s, not %s", strings.Join(shows[:8], ", "), shown(t))
		if n := suggest.Nearest(t.Text, shows); n != "" {
			e = e.WithHint("did you mean %s?", n)
		}
		panic(e)
	}
	if p.accept("LIKE") {
		s.Like, _ = p.text("a pattern")
	}
	p.atEnd()
	return s
}

func (p *parser) explain(c Common) Statement {
	p.expect("EXPLAIN")
	e := &Explain{Common: c}
	if t := p.peek(); t.Is("LOGICAL", "PHYSICAL", "ANALYZE") {
		e.Level = p.next().Upper
	}
	switch t := p.peek(); {
	case t.Kind == EOF:
		p.fail(t, "EXPLAIN needs a query")
	case t.Is("EXPLAIN"):
		p.fail(t, "EXPLAIN cannot be explained")
	}
	sub := &parser{src: p.src, tokens: p.tokens[p.at:]}
	e.Statement = sub.statement()
	return e
}
