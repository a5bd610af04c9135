package sqlstream

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A listing is rows of text and numbers that a statement shows.
type listing struct{ rows *zset.Builder }

// newListing makes a listing of columns: a name that ends in "#" is a number.
func newListing(columns ...string) *listing {
	s := &types.Schema{}
	for _, c := range columns {
		name, number := strings.CutSuffix(c, "#")
		f := types.Field{Name: name, Type: function.Text}
		if number {
			f.Type = function.Int
		}
		s.Fields = append(s.Fields, f)
	}
	return &listing{zset.NewBuilder(s)}
}

// add appends a row of strings and int64s; nil is NULL.
func (l *listing) add(cells ...any) {
	for i, c := range cells {
		switch v := c.(type) {
		case nil:
			l.rows.Cols[i].AppendNull()
		case int64:
			vecAppend(l.rows.Cols[i], v)
		default:
			l.rows.Cols[i].AppendString(fmt.Sprint(v))
		}
	}
	l.rows.EndRow()
}

func (l *listing) result() *Rows { return rowsOf(l.rows.Build()) }

// show answers SHOW ….
func (db *DB) show(ctx context.Context, st *sql.Show) (*Rows, error) {
	keep := pattern(st)
	switch st.What {
	case "TABLES":
		return db.showTables(keep), nil
	case "VIEWS":
		return db.showViews(keep), nil
	case "QUERIES":
		return db.showQueries(keep), nil
	case "FUNCTIONS":
		return db.showFunctions(keep), nil
	case "SETTINGS":
		return db.showSettings(keep), nil
	case "STATE":
		return db.showState(keep), nil
	case "WATERMARKS":
		return db.showWatermarks(keep), nil
	case "TOPICS":
		return db.showTopics(ctx, st, keep)
	case "CREATE":
		return db.showCreate(st)
	}
	return nil, st.Errorf(st.Start, "SHOW %s is not supported yet", st.What)
}

// pattern makes a test of LIKE '…'; without it everything is kept.
func pattern(st *sql.Show) func(name string) bool {
	if st.Like == "" {
		return func(string) bool { return true }
	}
	match := expr.LikeMatcher(st.Like, true)
	return func(name string) bool { return match([]byte(name)) }
}

func (db *DB) showTables(keep func(string) bool) *Rows {
	l := newListing("name", "connector", "format", "columns")
	for _, e := range db.catalog.List() {
		if e.Kind == catalog.Table && keep(e.Name) {
			l.add(e.Name, e.Connector, e.Def.Options.Get("format"), strings.Join(e.Schema.Names(), ", "))
		}
	}
	return l.result()
}

func (db *DB) showViews(keep func(string) bool) *Rows {
	l := newListing("name", "kind", "columns", "query")
	for _, e := range db.catalog.List() {
		if e.Kind != catalog.Table && keep(e.Name) {
			l.add(e.Name, e.Kind, strings.Join(e.Schema.Names(), ", "), oneLine(e.Query))
		}
	}
	return l.result()
}

func (db *DB) showQueries(keep func(string) bool) *Rows {
	l := newListing("name", "kind", "status", "mode", "trigger", "epoch#", "resumed#", "rows#", "lag#", "error")
	for _, q := range db.Queries() {
		if !keep(q.Name()) {
			continue
		}
		status, err := q.Status()
		p := q.Progress()
		var lag int64
		for _, s := range p.Sources {
			lag += s.Lag()
		}
		var reason any
		if err != nil {
			reason = cause(err)
		}
		var epoch any
		if !p.Timestamp.IsZero() {
			epoch = p.BatchID
		}
		var resumed any
		if at, ok := q.Resumed(); ok {
			resumed = at
		}
		l.add(q.Name(), q.Kind(), status, q.Mode(), q.Trigger(), epoch, resumed, p.TotalRows, lag, reason)
	}
	return l.result()
}

func (db *DB) showFunctions(keep func(string) bool) *Rows {
	l := newListing("name", "kind", "arguments", "description")
	for _, f := range db.functions.Scalars() {
		if keep(f.Name) {
			l.add(f.Name, f.Category, f.Signatures(), f.Doc)
		}
	}
	for _, f := range db.functions.Aggregates() {
		if keep(f.Name) {
			l.add(f.Name, "aggregate", nil, f.Doc)
		}
	}
	for _, f := range db.functions.Tables() {
		if keep(f.Name) {
			l.add(f.Name, "table", nil, f.Doc)
		}
	}
	return l.result()
}

func (db *DB) showSettings(keep func(string) bool) *Rows {
	l := newListing("name", "value", "default", "description")
	now := db.current()
	for _, k := range known {
		if name := shownSetting(k.name); keep(name) {
			l.add(name, now[k.name], k.value, k.doc)
		}
	}
	return l.result()
}

func (db *DB) showState(keep func(string) bool) *Rows {
	l := newListing("query", "operator", "table", "rows#", "bytes#", "spilled#")
	for _, q := range db.Queries() {
		if status, _ := q.Status(); status != Running || !keep(q.Name()) {
			continue
		}
		for _, s := range q.Progress().StateOperators {
			for _, t := range s.Tables {
				var table any
				if t.Name != "" {
					table = t.Name
				}
				l.add(q.Name(), s.OperatorName, table, t.NumRowsTotal, t.MemoryUsedBytes, t.SpilledBytes)
			}
		}
	}
	return l.result()
}

// showTopics asks the brokers of the Kafka tables for what they hold.
func (db *DB) showTopics(ctx context.Context, st *sql.Show, keep func(string) bool) (*Rows, error) {
	l := newListing("cluster", "topic", "partitions#")
	asked := map[string]bool{}
	for _, e := range db.catalog.List() {
		if e.Kind != catalog.Table {
			continue
		}
		c := db.connector(e.Connector)
		cluster := e.Def.Options.Get("bootstrap.servers")
		if c == nil || c.Topics == nil || asked[cluster] {
			continue
		}
		asked[cluster] = true
		topics, err := c.Topics(ctx, e.Def, db.env)
		if err != nil {
			return nil, st.Errorf(st.Start, "%s: %v", cluster, err)
		}
		for _, t := range topics {
			if keep(t.Name) {
				l.add(cluster, t.Name, int64(t.Partitions))
			}
		}
	}
	if len(asked) == 0 {
		return nil, st.Errorf(st.Start, "no table says which broker to ask").
			WithHint("CREATE TABLE … WITH (connector = 'kafka', 'bootstrap.servers' = …) first")
	}
	return l.result(), nil
}

func (db *DB) showCreate(st *sql.Show) (*Rows, error) {
	e, err := db.entry(&st.Common, st.Name)
	if err != nil {
		return nil, err
	}
	l := newListing("name", "statement")
	l.add(e.Name, db.masked(e))
	return l.result(), nil
}

// masked is the statement with the values of secret options starred out. The parser
// says where these are: their names may be written in many ways.
func (db *DB) masked(e *catalog.Entry) string {
	c := db.connector(e.Connector)
	if c == nil {
		return e.SQL
	}
	tokens, _, lexed := sql.Lex(&sql.Source{Text: e.SQL})
	st, err := sql.ParseOne("", e.SQL)
	table, ok := st.(*sql.CreateTable)
	if err != nil || lexed != nil || !ok {
		return "CREATE TABLE " + e.Name + " …" // cannot be: it was parsed when it was created
	}
	var out strings.Builder
	done := 0
	for _, o := range table.Options {
		if !secret(c.Options, connectors.Canonical(o.Name)) || connectors.IsReference(o.Value) {
			continue
		}
		i := slices.IndexFunc(tokens, func(t sql.Token) bool { return t.Start == o.ValueOffset })
		if tokens[i].Is("-") {
			i++ // of a number
		}
		out.WriteString(e.SQL[done:o.ValueOffset] + "'***'")
		done = tokens[i].End
	}
	return out.String() + e.SQL[done:]
}

func secret(options []connectors.Option, name string) bool {
	return slices.ContainsFunc(options, func(o connectors.Option) bool {
		return o.Secret && (o.Name == name || o.Prefix && strings.HasPrefix(name, o.Name))
	})
}

// entry looks a name up for a statement.
func (db *DB) entry(c *sql.Common, name sql.Name) (*catalog.Entry, error) {
	if e, ok := db.catalog.Lookup(name.Text); ok {
		return e, nil
	}
	err := c.Errorf(name.Offset, "there is no table or view %s", name.Text)
	if n := suggest.Nearest(name.Text, db.catalog.Names()); n != "" {
		return nil, err.WithHint("did you mean %s?", n)
	}
	return nil, err.WithHint("SHOW TABLES and SHOW VIEWS list what there is")
}

// describe lists the columns of a table or view.
func (db *DB) describe(st *sql.Describe) (*Rows, error) {
	e, err := db.entry(&st.Common, st.Name)
	if err != nil {
		return nil, err
	}
	l := newListing("column", "type", "null", "key", "extra")
	for i, f := range e.Schema.Fields {
		null, key, extra := "YES", "", ""
		if f.NotNull {
			null = "NO"
		}
		if e.Def != nil {
			if slices.Contains(e.Def.PrimaryKey, i) {
				key = "PRIMARY"
			}
			if m := e.Def.Columns[i].Metadata; m != "" {
				extra = "METADATA FROM '" + m + "'"
			}
			if text, ok := e.Defaults[i]; ok {
				extra = "DEFAULT " + text
			}
			if text, ok := e.Computed[i]; ok {
				extra = "AS " + oneLine(text)
			}
		}
		if e.Watermark != nil && e.Watermark.Column == i {
			extra = strings.TrimSpace(extra + " WATERMARK AS " + oneLine(e.Watermark.Expr))
		}
		l.add(f.Name, f.Type, null, key, extra)
	}
	return l.result(), nil
}

// explainRows answers EXPLAIN, a line a row.
func (db *DB) explainRows(ctx context.Context, st *sql.Explain) (*Rows, error) {
	var text string
	var err error
	switch st.Level {
	case "ANALYZE":
		text, err = db.analyze(ctx, st)
	case "LOGICAL":
		text, err = db.explain(st.Statement, planner.Logical)
	case "PHYSICAL":
		text, err = db.explain(st.Statement, planner.Physical)
	default:
		text, err = db.explain(st.Statement, planner.Everything)
	}
	if err != nil {
		return nil, err
	}
	l := newListing("plan")
	for line := range strings.Lines(text) {
		l.add(strings.TrimRight(line, "\n"))
	}
	return l.result(), nil
}

// oneLine folds the white space of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
