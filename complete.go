package sqlstream

import (
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql"
)

// IsComplete reports whether a text typed so far can be run: everything in it is
// closed, and it ends with a semicolon or is empty. A text that is wrong beyond
// repair is complete, too: running it tells the error.
func IsComplete(text string) bool { return sql.Complete(text) }

// A Suggestion is a word that may stand in a statement.
type Suggestion struct {
	Text string
	Kind string // "keyword", "table", "view", "column", "function", "query", "setting", "option"
}

// keywords are the words that statements are written with. Types and everyday
// words stand among them; rare ones are left out, so that the list stays of use.
var keywords = strings.Fields(`
ALL ANALYZE AND APPEND AS ASC AVAILABLE BETWEEN BIGINT BINARY BOOLEAN BY CASE CAST CHAR COMPLETE CREATE
DATE DECIMAL DELETE DESC DESCRIBE DISTINCT DIV DOUBLE DROP ELSE EMIT END ENFORCED EVERY EXISTS EXPLAIN
FALSE FLOAT FOR FROM FUNCTIONS GROUP HAVING IF IN INSERT INT INTERVAL INTO IS JSON KEY LIKE LIMIT LOGICAL
MATERIALIZED METADATA MILLISECOND MINUTE NOT NOW NULL OFFSET ONCE OR ORDER PHYSICAL PRIMARY QUERIES QUERY
REGEXP REPLACE RESUME SECOND SELECT SET SETTINGS SHOW SMALLINT STATE STOP TABLE TABLES THEN TIME TIMESTAMP TINYINT
TOPICS TRIGGER TRUE TRY_CAST UNION UNSIGNED UPDATE VALUES VARCHAR VIEW VIEWS WATERMARK WATERMARKS WHEN WHERE WITH`)

// Suggestions returns the words that begin with a prefix, letter case ignored, by
// kind and then by name: names of this database, its functions and settings, and
// keywords.
func (db *DB) Suggestions(prefix string) []Suggestion {
	var out []Suggestion
	add := func(kind string, words ...string) {
		for _, w := range words {
			s := Suggestion{w, kind}
			if len(w) >= len(prefix) && strings.EqualFold(w[:len(prefix)], prefix) && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	for _, e := range db.catalog.List() {
		kind := "view"
		if e.Def != nil {
			kind = "table"
		}
		add(kind, e.Name)
		add("column", e.Schema.Names()...)
	}
	for _, q := range db.Queries() {
		if q.kind == "INSERT" {
			add("query", q.Name())
		}
	}
	for _, f := range db.functions.Scalars() {
		add("function", f.Name)
	}
	for _, f := range db.functions.Aggregates() {
		add("function", f.Name)
	}
	for _, f := range db.functions.Tables() {
		add("function", f.Name)
	}
	for _, k := range known {
		add("setting", shownSetting(k.name))
	}
	for _, c := range db.connectors {
		for _, o := range c.Options {
			if !o.Prefix {
				add("option", "'"+connectors.Canonical(o.Name)+"'")
			}
		}
	}
	add("keyword", keywords...)
	slices.SortStableFunc(out, func(a, b Suggestion) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		return strings.Compare(strings.ToLower(a.Text), strings.ToLower(b.Text))
	})
	return out
}
