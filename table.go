package sqlstream

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/internal/confine"
	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// createTable checks a table and puts it into the catalog. Nothing outside is
// asked: a broker that is away does not matter yet.
func (db *DB) createTable(st *sql.CreateTable) (string, error) {
	if done, err := db.taken(&st.Common, st.Name, st.OrReplace, st.IfNotExists); done || err != nil {
		return "table " + st.Name.Text + " exists already", err
	}
	e, c, err := db.tableEntry(st)
	if err != nil {
		return "", err
	}
	if c.Check != nil {
		if err := c.Check(e.Def); err != nil {
			return "", refused(st, err)
		}
	}
	if err := badRecords(st, e.Def, c); err != nil {
		return "", err
	}
	if err := db.secretsStay(st, c); err != nil {
		return "", err
	}
	if db.dir != nil {
		e.Def.ID = db.tableID(e, c)
	}
	return "table " + st.Name.Text + " created", db.put(&st.Common, e, st.OrReplace)
}

// refused puts a place to what a connector says of a table: that of the option, where it
// names one.
func refused(st *sql.CreateTable, err error) error {
	at := st.Name.Offset
	var option *connectors.OptionError
	if errors.As(err, &option) {
		at = valueAt(st, option.Name)
	}
	out := st.Errorf(at, "table %s: %v", st.Name.Text, err)
	var outside *confine.Outside
	if errors.As(err, &outside) {
		return out.WithHint("WithRestrictedPaths and --restrict-paths name the directories below which files may be")
	}
	return out
}

// valueAt is where the value of an option stands, and the table's name where it is not given.
func valueAt(st *sql.CreateTable, option string) int {
	for _, o := range st.Options {
		if connectors.Canonical(o.Name) == option {
			return o.ValueOffset
		}
	}
	return st.Name.Offset
}

// secretsStay refuses a secret that would stand in the directory.
func (db *DB) secretsStay(st *sql.CreateTable, c *connectors.Connector) error {
	if db.dir == nil || db.current()["secrets.in.directory"] == "allow" {
		return nil
	}
	for _, o := range st.Options {
		if secret(c.Options, connectors.Canonical(o.Name)) && !connectors.HasReference(o.Value) {
			return st.Errorf(o.ValueOffset, "the value of '%s' would stand in %s in clear text", o.Name, db.dir.Path(catalogFile)).
				WithHint("'${env:NAME}' or '${file:/path}' says where it is; SET secrets_in_directory = 'allow' keeps it all the same")
		}
	}
	return nil
}

// tableEntry makes the entry of a table, of which its connector is not asked yet.
func (db *DB) tableEntry(st *sql.CreateTable) (*catalog.Entry, *connectors.Connector, error) {
	c, options, err := db.tableOptions(st)
	if err != nil {
		return nil, nil, err
	}
	def := &connectors.Table{Name: st.Name.Text, Options: options, NotEnforced: st.NotEnforced}
	computed := map[int]string{}
	if err := db.tableColumns(st, c, def, computed); err != nil {
		return nil, nil, err
	}
	e := &catalog.Entry{
		Kind: catalog.Table, Name: st.Name.Text, SQL: st.Text(), File: st.Source.File, Set: db.current(),
		Schema: def.Schema(), Def: def, Connector: c.Name, Computed: computed,
		AppendOnly: !c.Memory || options.Get("append.only") == "true",
	}
	if c.Formats {
		e.Changes = format.ChangesOf(def, c.Keyed)
		if c.Rereads != nil && c.Rereads(def) {
			e.Changes = connectors.Whole
		}
		e.AppendOnly = e.Changes == connectors.Additions
	}
	if len(def.PrimaryKey) > 0 {
		e.Keys = [][]int{def.PrimaryKey}
	}
	if err := db.watermark(st, e); err != nil {
		return nil, nil, err
	}
	if err := db.constraints(st, e, c); err != nil {
		return nil, nil, err
	}
	if f := db.format(options.Get("format")); f != nil && f.Check != nil {
		if err := f.Check(def); err != nil {
			return nil, nil, st.Errorf(st.Name.Offset, "table %s: %v", st.Name.Text, err)
		}
	}
	return e, c, db.changing(st, e)
}

// tableColumns fills in the columns and the primary key.
func (db *DB) tableColumns(st *sql.CreateTable, c *connectors.Connector, def *connectors.Table, computed map[int]string) error {
	for i := range st.Columns {
		col, err := tableColumn(st, i, c)
		if err != nil {
			return err
		}
		def.Columns = append(def.Columns, col)
	}
	if err := db.computedColumns(st, def, computed); err != nil {
		return err
	}
	for _, k := range st.PrimaryKey {
		i := columnOf(def, k.Text)
		if i < 0 || slices.Contains(def.PrimaryKey, i) {
			return st.Errorf(k.Offset, "the primary key names %s, which is not a column or is named twice", k.Text)
		}
		def.PrimaryKey = append(def.PrimaryKey, i)
		def.Columns[i].NotNull = true
	}
	return nil
}

// changing refuses a table whose rows could never be taken back: a record that does so
// has other metadata than the one that has added the row.
func (db *DB) changing(st *sql.CreateTable, e *catalog.Entry) error {
	if e.Changes != connectors.Retractions {
		return nil
	}
	for i, c := range e.Def.Columns {
		if c.Metadata != "" {
			return st.Errorf(st.Columns[i].Name.Offset, "column %s is metadata, which differs between the record that adds a row and the one that takes it back", c.Name).
				WithHint("declare a PRIMARY KEY, so that a row is known by that")
		}
	}
	return nil
}

// taken checks a name that a CREATE wants. It reports that the name is there and
// that this is as it should be.
func (db *DB) taken(c *sql.Common, name sql.Name, orReplace, ifNotExists bool) (bool, error) {
	old, ok := db.catalog.Lookup(name.Text)
	switch {
	case !ok, orReplace:
		return false, nil
	case ifNotExists, old.SQL == c.Text():
		return true, nil
	}
	return false, c.Errorf(name.Offset, "%s %s exists already", strings.ToLower(old.Kind.String()), old.Name).
		WithHint("CREATE OR REPLACE puts another in its place")
}

// put stores an entry; one that running queries use stays.
func (db *DB) put(c *sql.Common, e *catalog.Entry, orReplace bool) error {
	if old, ok := db.catalog.Lookup(e.Name); ok && orReplace {
		if users := db.usersOf(old.Name); len(users) > 0 {
			return c.Errorf(c.Start, "%s %s is used by query %s", strings.ToLower(old.Kind.String()), old.Name, users[0]).
				WithHint("%s first", db.ending(users[0]))
		}
	}
	return db.catalog.Put(e, orReplace)
}

// tableOptions checks WITH (…): the connector, the format, and every name and value.
func (db *DB) tableOptions(st *sql.CreateTable) (*connectors.Connector, connectors.Options, error) {
	options := connectors.Options{}
	at := map[string]sql.Option{}
	for _, o := range st.Options {
		name := connectors.Canonical(o.Name)
		if _, twice := options[name]; twice {
			return nil, nil, st.Errorf(o.Offset, "option '%s' is given twice", o.Name)
		}
		options[name], at[name] = o.Value, o
	}
	c, err := db.namedConnector(st, options, at)
	if err != nil {
		return nil, nil, err
	}
	allowed := append([]connectors.Option{{Name: "connector"}}, c.Options...)
	if c.Formats {
		valueFormat(options, at)
		f := db.format(options.Get("format"))
		if f == nil {
			return nil, nil, db.noFormat(st, options, at)
		}
		allowed = append(append(allowed, connectors.Option{Name: "format"}), format.BadRecordOptions...)
		allowed = append(allowed, f.Options...)
	}
	if st.Watermark != nil {
		allowed = append(allowed, watermarkOptions...)
	}
	return c, options, optionError(st, options.Check(allowed, suggest.Nearest), at)
}

// valueFormat takes 'value.format', as Flink calls it, for the format.
func valueFormat(options connectors.Options, at map[string]sql.Option) {
	const long, short = "value.format", "format"
	v, given := options[long]
	if _, both := options[short]; !given || both {
		return
	}
	options[short], at[short] = v, at[long]
	delete(options, long)
}

func (db *DB) namedConnector(st *sql.CreateTable, options connectors.Options, at map[string]sql.Option) (*connectors.Connector, error) {
	names := make([]string, len(db.connectors))
	for i, c := range db.connectors {
		names[i] = c.Name
	}
	name, given := options["connector"]
	if !given {
		if err := misspelt(st, "connector"); err != nil {
			return nil, err
		}
		return nil, st.Errorf(st.Name.Offset, "table %s has no connector", st.Name.Text).
			WithHint("add WITH (connector = …), which takes %s", quotedList(names))
	}
	if c := db.connector(name); c != nil {
		return c, nil
	}
	err := st.Errorf(at["connector"].ValueOffset, "there is no connector '%s'", name)
	if n := suggest.Nearest(name, names); n != "" {
		return nil, err.WithHint("did you mean '%s'?", n)
	}
	return nil, err.WithHint("there are %s", quotedList(names))
}

func (db *DB) noFormat(st *sql.CreateTable, options connectors.Options, at map[string]sql.Option) error {
	names := make([]string, len(db.formats))
	for i, f := range db.formats {
		names[i] = f.Name
	}
	name, given := options["format"]
	if !given {
		if err := misspelt(st, "format"); err != nil {
			return err
		}
		return st.Errorf(st.Name.Offset, "table %s has no format", st.Name.Text).
			WithHint("add format = …, which takes %s", quotedList(names))
	}
	err := st.Errorf(at["format"].ValueOffset, "there is no format '%s'", name)
	if n := suggest.Nearest(name, names); n != "" {
		return err.WithHint("did you mean '%s'?", n)
	}
	return err.WithHint("there are %s", quotedList(names))
}

// misspelt returns an error where an option's name is nearly that of one that is
// missing.
func misspelt(st *sql.CreateTable, missing string) error {
	for _, o := range st.Options {
		if suggest.Nearest(o.Name, []string{missing}) != "" {
			return st.Errorf(o.Offset, "unknown option '%s'", o.Name).WithHint("did you mean '%s'?", missing)
		}
	}
	return nil
}

// optionError gives an option's error its place.
func optionError(st *sql.CreateTable, err error, at map[string]sql.Option) error {
	if err == nil {
		return nil
	}
	var unknown *connectors.UnknownOption
	if errors.As(err, &unknown) {
		out := st.Errorf(at[unknown.Name].Offset, "unknown option '%s'", at[unknown.Name].Name)
		if unknown.Nearest != "" {
			out = out.WithHint("did you mean '%s'?", unknown.Nearest)
		}
		return out
	}
	var bad *connectors.BadValue
	if errors.As(err, &bad) {
		return st.Errorf(at[bad.Name].ValueOffset, "%v", err)
	}
	return st.Errorf(st.Name.Offset, "%v", err)
}

// tableColumn checks a column as declared.
func tableColumn(st *sql.CreateTable, i int, c *connectors.Connector) (connectors.Column, error) {
	d := st.Columns[i]
	for _, before := range st.Columns[:i] {
		if strings.EqualFold(before.Name.Text, d.Name.Text) {
			return connectors.Column{}, st.Errorf(d.Name.Offset, "column %s is there twice", d.Name.Text)
		}
	}
	col := connectors.Column{
		Field:    types.Field{Name: d.Name.Text, Type: d.Type, NotNull: d.NotNull},
		Metadata: d.Metadata, Computed: d.Computed != nil,
	}
	if d.Metadata == "" {
		return col, nil
	}
	var keys []string
	for _, m := range c.Metadata {
		keys = append(keys, m.Key)
		if m.Key != d.Metadata {
			continue
		}
		if !fitsMetadata(m.Type, d.Type) {
			return col, st.Errorf(d.Name.Offset, "metadata '%s' is %s and cannot be read as %s", m.Key, m.Type, d.Type)
		}
		return col, nil
	}
	err := st.Errorf(d.Name.Offset, "connector '%s' has no metadata '%s'", c.Name, d.Metadata)
	if n := suggest.Nearest(d.Metadata, keys); n != "" {
		return col, err.WithHint("did you mean '%s'?", n)
	}
	if len(keys) > 0 {
		return col, err.WithHint("there are %s", quotedList(keys))
	}
	return col, err
}

// fitsMetadata says which column types hold a metadata value without loss.
func fitsMetadata(from, to types.Type) bool {
	switch {
	case from.Kind == to.Kind, from.IsInteger() && to.Kind == types.BigInt:
		return true
	}
	return from.Kind == types.Varchar && to.Kind == types.Binary
}

// computedColumns binds the expressions, so that their types and mistakes are
// known now.
func (db *DB) computedColumns(st *sql.CreateTable, def *connectors.Table, computed map[int]string) error {
	own := &types.Schema{}
	for _, c := range def.Columns {
		if !c.Computed {
			own.Fields = append(own.Fields, c.Field)
		}
	}
	for i, d := range st.Columns {
		if d.Computed == nil {
			continue
		}
		x, err := db.planning().Bind().Expr(d.Computed, own)
		if err != nil {
			return err
		}
		if expr.Stability(x) != function.Pure {
			return st.Errorf(d.Name.Offset, "computed column %s must give the same value whenever its row is read", d.Name.Text)
		}
		if def.Columns[i].Type.Kind == types.Null {
			def.Columns[i].Type, def.Columns[i].NotNull = x.Type(), x.NotNull()
		}
		computed[i] = d.Computed.Text()
	}
	return nil
}

func columnOf(def *connectors.Table, name string) int {
	return slices.IndexFunc(def.Columns, func(c connectors.Column) bool { return strings.EqualFold(c.Name, name) })
}

func quotedList(names []string) string {
	return "'" + strings.Join(names, "', '") + "'"
}

// openable returns the connector of a table to be read or written.
func (db *DB) openable(e *catalog.Entry) (*connectors.Connector, error) {
	if c := db.connector(e.Connector); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("table %s: there is no connector '%s'", e.Name, e.Connector)
}
