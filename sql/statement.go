package sql

import (
	"time"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A Statement is one parsed statement: one of the types below.
type Statement interface {
	// Base gives what all statements have.
	Base() *Common
}

// Common is what every statement has.
type Common struct {
	Source     *Source
	Start, End int // the statement's bytes in the source, without the semicolon
}

// Base implements Statement.
func (c *Common) Base() *Common { return c }

// Text returns the statement as it was written.
func (c *Common) Text() string { return c.Source.Text[c.Start:c.End] }

// Errorf makes an error at a place in the statement's source.
func (c *Common) Errorf(offset int, format string, args ...any) *Error {
	return Errorf(c.Source, offset, format, args...)
}

// A Name is an identifier and its place.
type Name struct {
	Text   string
	Offset int
}

// An Option is one setting of a WITH (…) list.
type Option struct {
	Name, Value string
	Offset      int // of the name
	ValueOffset int
}

// CreateTable is CREATE [OR REPLACE] TABLE; SOURCE and SINK mean the same.
type CreateTable struct {
	Common
	OrReplace, IfNotExists bool
	Name                   Name
	Columns                []ColumnDef
	PrimaryKey             []Name
	NotEnforced            bool // PRIMARY KEY … NOT ENFORCED
	Checks                 []CheckDef
	Watermark              *WatermarkDef
	Options                []Option
}

// A CheckDef is [CONSTRAINT name] CHECK (condition).
type CheckDef struct {
	Name Name // Text "" for none
	Expr *Expr
}

// A ColumnDef is a column of CREATE TABLE.
type ColumnDef struct {
	Name     Name
	Type     types.Type // of a computed column: Kind Null, its expression's type is taken
	NotNull  bool
	Metadata string // METADATA FROM 'key'
	Computed *Expr  // AS expression
	Default  *Expr  // what INSERT writes where it gives no value
}

// A WatermarkDef is WATERMARK FOR column AS expression.
type WatermarkDef struct {
	Column Name
	Expr   *Expr
}

// CreateView is CREATE [OR REPLACE] [MATERIALIZED] VIEW.
type CreateView struct {
	Common
	OrReplace, IfNotExists bool
	Materialized           bool
	Name                   Name
	Columns                []Name
	Query                  *Query
	Tail                   Tail
}

// CreateQuery is CREATE [OR REPLACE] QUERY name AS INSERT ….
type CreateQuery struct {
	Common
	OrReplace, IfNotExists bool
	Name                   Name
	Insert                 *Insert
}

// Insert is INSERT INTO target [(columns)] query, VALUES among them, and REPLACE.
type Insert struct {
	Common
	Replace bool // rows take the place of those of the same key
	Ignore  bool // rows whose key is there already are left out
	Target  Name
	Columns []Name
	Query   *Query
	Tail    Tail

	// ON DUPLICATE KEY UPDATE: what becomes of the row that has the key already.
	OnDuplicate  []Assignment
	On           int    // where it begins
	Alias        Name   // VALUES (…) AS new (a, b)
	AliasColumns []Name // of the row that is not inserted
}

// ByKey reports an INSERT that looks at the rows which are there.
func (i *Insert) ByKey() bool { return i.Replace || i.Ignore || i.OnDuplicate != nil }

// Select is a query by itself.
type Select struct {
	Common
	Query *Query
	Tail  Tail
}

// A Tail is EMIT [mode] [TRIGGER …] [STATE TTL …] behind a query.
type Tail struct {
	Emit    bool
	Offset  int    // of EMIT
	Mode    string // "", "APPEND", "UPDATE", "COMPLETE"
	Trigger Trigger
	Forget  time.Duration // of STATE TTL; 0 where it is not written
}

// A Trigger is TRIGGER EVERY n unit | AVAILABLE NOW | ONCE; the zero Trigger is none.
type Trigger struct {
	Every        time.Duration
	AvailableNow bool
	Once         bool
}

// Drop is DROP TABLE | VIEW | MATERIALIZED VIEW | QUERY.
type Drop struct {
	Common
	Kind     string // "TABLE", "VIEW", "MATERIALIZED VIEW", "QUERY"
	IfExists bool
	Name     Name
}

// Set is SET name = value.
type Set struct {
	Common
	Name  Name
	Value string
}

// Show is SHOW TABLES, SHOW CREATE TABLE t and their like.
type Show struct {
	Common
	What string // "TABLES", "VIEWS", "QUERIES", "FUNCTIONS", "TOPICS", "SETTINGS", "STATE", "WATERMARKS", "CREATE"
	Name Name   // of SHOW CREATE
	Like string // a pattern, "" for none
}

// Describe is DESCRIBE name.
type Describe struct {
	Common
	Name Name
}

// Explain is EXPLAIN [LOGICAL | PHYSICAL | ANALYZE] statement.
type Explain struct {
	Common
	Level     string // "", "LOGICAL", "PHYSICAL", "ANALYZE"
	Statement Statement
}

// StopQuery is STOP QUERY name.
type StopQuery struct {
	Common
	Name Name
}

// ResumeQuery is RESUME QUERY name.
type ResumeQuery struct {
	Common
	Name Name
}

// Delete is DELETE FROM a memory table, and TRUNCATE.
type Delete struct {
	Common
	Truncate bool
	Target   Name
	Alias    Name // Text "" for none
	Rows     Rows
}

// Update is UPDATE of a memory table SET column = expression, ….
type Update struct {
	Common
	Target Name
	Alias  Name
	Set    []Assignment
	Rows   Rows
}

// Rows are those that a statement changes: [WHERE …] [ORDER BY …] [LIMIT n].
type Rows struct {
	Where *Expr // nil for every row
	Order []OrderItem
	Limit int64 // -1 for none
}

// An OrderItem is one expression of ORDER BY.
type OrderItem struct {
	Expr  *Expr
	Desc  bool
	Apart bool // NULLs are at the end where Desc would not put them
}

// An Assignment is column = expression, or column = DEFAULT.
type Assignment struct {
	Column  Name
	Expr    *Expr
	Default bool
}
