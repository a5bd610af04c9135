package sql

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	tidb "github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// A Query is a SELECT, VALUES or set operation as the TiDB parser read it, with the
// way back from its nodes to the user's text. Constructs that MySQL lacks appear as
// calls of the functions named by the Marker constants.
type Query struct {
	*Mapping
	Node ast.ResultSetNode
}

// IsValues reports that the query is VALUES, whose rows have an order.
func (q *Query) IsValues() bool {
	x, ok := q.Node.(*ast.SelectStmt)
	return ok && x.Kind == ast.SelectStmtKindValues
}

// An Expr is a scalar expression, likewise.
type Expr struct {
	*Mapping
	Node ast.ExprNode
}

// Functions that stand for constructs of ours in a syntax tree. Users cannot write
// such names. "table" is MarkerTable, a subquery, or a call of MarkerTableFunction.
const (
	MarkerCast     = "__sqs_cast"     // (x, 'type'): CAST(x AS type), x::type
	MarkerTryCast  = "__sqs_try_cast" // (x, 'type'): TRY_CAST(x AS type)
	MarkerInterval = "__sqs_interval" // (x, 'UNIT'): INTERVAL x unit, but for a window's frame
	MarkerMoment   = "__sqs_moment"   // ('text'): TIMESTAMP_LTZ 'text', TIMESTAMP WITH LOCAL TIME ZONE 'text'
	MarkerAtZone   = "__sqs_at_zone"  // (x, zone): x AT TIME ZONE zone
	MarkerIndex    = "__sqs_index"    // (x, i): x[i]
	MarkerField    = "__sqs_field"    // (x, 'name'): (x).name, and what has more than three names
	MarkerArray    = "__sqs_array"    // (x, …): ARRAY[x, …], [x, …]
	MarkerMap      = "__sqs_map"      // (key, value, …): MAP[key, value, …]

	MarkerFilter   = "__sqs_filter"   // (f(x), condition): f(x) FILTER (WHERE condition), f(x) with its OVER
	MarkerOver     = "__sqs_over"     // (f(x), max(1) OVER window): OVER of a function that the grammar does not know
	MarkerDistinct = "__sqs_distinct" // (x): f(DISTINCT x), likewise
	MarkerOrder    = "__sqs_order"    // (x[, 'DESC'][, 'LAST']): an item of f(… ORDER BY x DESC NULLS LAST), likewise

	MarkerRollup       = "__sqs_rollup"        // (x, …): ROLLUP (…) in GROUP BY
	MarkerCube         = "__sqs_cube"          // (x, …): CUBE (…)
	MarkerGroupingSets = "__sqs_grouping_sets" // (x, …): GROUPING SETS (…); (a, b) is a row
	MarkerEmpty        = "__sqs_empty"         // (): the grouping set ()

	MarkerGroupAll = "__sqs_group_all" // (): GROUP BY ALL

	MarkerExcept  = "__sqs_except"  // ('a', …): behind * or t.*, the columns that it is without
	MarkerReplace = "__sqs_replace" // (x, 'a', …): behind * or t.*, the columns in the place of which others stand

	MarkerTableFunction = "__sqs_tvf"       // ('NAME', x, …): a table function, the one field of a SELECT in FROM
	MarkerTable         = "__sqs_table"     // (name) or ((query)): TABLE name, TABLE (query)
	MarkerPartition     = "__sqs_partition" // (table, x, …): table PARTITION BY x, … in a table function; table may be its name
	MarkerNamed         = "__sqs_named"     // ('name', x): name => x in a table function
	MarkerColumns       = "__sqs_columns"   // (table, 'a', …): table AS t(a, …), the one field of a SELECT in FROM

	MarkerSemi    = "__sqs_semi"    // (condition): ON of a SEMI JOIN; also the first name of its USING
	MarkerAnti    = "__sqs_anti"    // (condition): ON of an ANTI JOIN, likewise
	MarkerNatural = "__sqs_natural" // the last name of USING, where NATURAL says that all common ones are meant

	MarkerJSONColumn = "__sqs_json_column" // ('KIND', 'name', 'type', 'path', …): a column of JSON_TABLE; of NESTED ('NESTED', 'path', column, …)
	MarkerJSONValue  = "__sqs_json_value"  // (doc, column): JSON_VALUE with RETURNING, ON EMPTY or ON ERROR
	MarkerJSONOn     = "__sqs_json_on"     // ('EMPTY', 'DEFAULT', x): DEFAULT x ON EMPTY, likewise

	// l ASOF JOIN r is l JOIN r with this as its condition: the match condition, or NULL where
	// it is among the others; then the condition of ON, or the names of USING as texts.
	MarkerAsof = "__sqs_asof"

	MarkerTies  = "__sqs_ties"  // (): the last item of ORDER BY, of FETCH FIRST … WITH TIES
	MarkerNulls = "__sqs_nulls" // ('FIRST') or ('LAST'): behind an item of ORDER BY, its NULLS FIRST or NULLS LAST

	// MarkerQualify is the name of a window: QUALIFY's condition is its only
	// PARTITION BY. FULL JOIN is a join with StraightJoin set.
	MarkerQualify = "__sqs_qualify"
)

// WithOrdinality stands behind the name in a MarkerTableFunction where the rows are
// numbered.
const WithOrdinality = " WITH ORDINALITY"

// A Mapping ties the text that the TiDB parser saw to the user's text.
type Mapping struct {
	Source *Source
	tokens []Token // as sent, synthetic ones included
	starts []int   // where each stands in the text sent
	sent   string
}

// Offset returns where in the source an offset of the text sent comes from.
func (m *Mapping) Offset(sent int) int {
	i := sort.SearchInts(m.starts, sent+1) - 1
	if i < 0 {
		return m.Start()
	}
	t := m.tokens[i]
	if t.Synthetic {
		return t.Start
	}
	return min(t.Start+sent-m.starts[i], t.End)
}

// Start returns where the query or expression begins in the source.
func (m *Mapping) Start() int {
	if len(m.tokens) == 0 {
		return 0
	}
	return m.tokens[0].Start
}

// At returns the place of a node in the source; the start of the query for the few
// kinds of nodes whose place the parser does not keep.
func (m *Mapping) At(n ast.Node) int {
	if off := n.OriginTextPosition(); off > 0 {
		return m.Offset(off)
	}
	return m.Start()
}

// Errorf makes an error at a node.
func (m *Mapping) Errorf(n ast.Node, format string, args ...any) *Error {
	return Errorf(m.Source, m.At(n), format, args...)
}

// Text returns the user's text of the whole query or expression.
func (m *Mapping) Text() string {
	end := m.Start()
	for _, t := range m.tokens {
		end = max(end, t.End)
	}
	return m.Source.Text[m.Start():end]
}

// Verbatim returns the user's text of n bytes of the text sent: the name of a
// result column that has no alias.
func (m *Mapping) Verbatim(sent, n int) string {
	first := sort.SearchInts(m.starts, sent+1) - 1
	last := sort.SearchInts(m.starts, sent+n) - 1
	if first < 0 || last < first {
		return ""
	}
	text := m.Source.Text[m.tokens[first].Start:m.tokens[last].End]
	return strings.Join(strings.Fields(text), " ")
}

// FieldText returns the user's text of a result column.
func (m *Mapping) FieldText(f *ast.SelectField) string {
	return m.Verbatim(f.Offset, len(strings.TrimSpace(f.OriginalText())))
}

// TableAt returns where a table is first named behind FROM, JOIN, INTO or a comma;
// the parser keeps no place for it.
func (m *Mapping) TableAt(name string) int {
	for i, t := range m.tokens {
		if i > 0 && t.IsName() && strings.EqualFold(t.Name(), name) &&
			m.tokens[i-1].Is("FROM", "JOIN", "STRAIGHT_JOIN", "INTO", ",", "(", "TABLE") {
			return t.Start
		}
	}
	return m.Start()
}

// WordAt returns where a word first stands, the start of the query where it does not.
func (m *Mapping) WordAt(words ...string) int {
	for _, t := range m.tokens {
		if t.Is(words...) {
			return t.Start
		}
	}
	return m.Start()
}

// newMapping renders tokens as text with blanks between them, but for the dots of
// names: two minus signs in a row would begin a comment. Names in double quotes get
// backticks, because the parser resolves backslashes between double quotes.
func newMapping(src *Source, tokens []Token) *Mapping {
	m := &Mapping{Source: src, tokens: tokens, starts: make([]int, len(tokens))}
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && !t.Is(".") && !tokens[i-1].Is(".") {
			b.WriteByte(' ')
		}
		m.starts[i] = b.Len()
		if t.Kind == Quoted && t.Text[0] == '"' {
			b.WriteString("`" + strings.ReplaceAll(t.Name(), "`", "``") + "`")
			continue
		}
		b.WriteString(t.Text)
	}
	m.sent = b.String()
	return m
}

// parseQuery hands tokens of a query to the TiDB parser.
func parseQuery(src *Source, tokens []Token) (q *Query, err error) {
	if len(tokens) == 0 {
		return nil, Errorf(src, len(src.Text), "a query is missing here")
	}
	node, m, err := parseTiDB(src, tokens)
	if err != nil {
		return nil, err
	}
	rs, ok := node.(ast.ResultSetNode)
	if !ok {
		return nil, Errorf(src, tokens[0].Start, "a query is expected here")
	}
	return &Query{m, rs}, nil
}

// parseExpr hands tokens of an expression to the TiDB parser.
func parseExpr(src *Source, tokens []Token) (*Expr, error) {
	if len(tokens) == 0 {
		return nil, Errorf(src, len(src.Text), "an expression is missing here")
	}
	node, m, err := parseTiDB(src, append(synthetic(tokens[0], "SELECT"), tokens...))
	if err != nil {
		return nil, err
	}
	s, ok := node.(*ast.SelectStmt)
	if !ok || s.From != nil || s.Where != nil || s.Limit != nil || len(s.Fields.Fields) != 1 ||
		s.Fields.Fields[0].WildCard != nil || s.Fields.Fields[0].AsName.O != "" {
		return nil, Errorf(src, tokens[0].Start, "one expression is expected here")
	}
	return &Expr{m, s.Fields.Fields[0].Expr}, nil
}

// ParseExprText parses an expression that stands by itself.
func ParseExprText(file, text string) (*Expr, error) {
	src := &Source{file, text}
	tokens, _, err := Lex(src)
	if err != nil {
		return nil, err
	}
	return parseExpr(src, tokens)
}

func parseTiDB(src *Source, tokens []Token) (node ast.StmtNode, m *Mapping, err error) {
	defer func() {
		if r := recover(); r != nil {
			node, err = nil, Errorf(src, tokens[0].Start, "internal error in the parser: %v", r)
		}
	}()
	out, err := rewrite(src, tokens)
	if err != nil {
		return nil, nil, err
	}
	m = newMapping(src, out)
	statements, _, err := newParser().Parse(m.sent, "utf8mb4", "utf8mb4_bin")
	if err != nil {
		return nil, nil, m.explain(err)
	}
	if len(statements) != 1 {
		return nil, nil, Errorf(src, m.Start(), "one statement is expected here")
	}
	if err := m.checkHeight(statements[0]); err != nil {
		return nil, nil, err
	}
	return statements[0], m, nil
}

// maxHeight bounds the syntax tree: "1+1+1+…" is as deep as it is long.
const maxHeight = 4000

type heightVisitor struct{ depth, deepest int }

func (h *heightVisitor) Enter(n ast.Node) (ast.Node, bool) {
	h.depth++
	h.deepest = max(h.deepest, h.depth)
	return n, h.depth > maxHeight
}

func (h *heightVisitor) Leave(n ast.Node) (ast.Node, bool) {
	h.depth--
	return n, true
}

func (m *Mapping) checkHeight(n ast.Node) error {
	h := &heightVisitor{}
	n.Accept(h)
	if h.deepest > maxHeight {
		return Errorf(m.Source, m.Start(), "the expression is nested more than %d deep", maxHeight)
	}
	return nil
}

var (
	nearText    = regexp.MustCompile(`^line \d+ column \d+ near "`)
	totalLength = regexp.MustCompile(`\(total length (\d+)\)\s*$`)
)

// explain finds the place of a syntax error. The parser's own line and column are
// the end of the token in the text sent; but the text it quotes is all that
// follows the token's start, so its length tells the place.
func (m *Mapping) explain(err error) error {
	msg := err.Error()
	loc := nearText.FindStringIndex(msg)
	if loc == nil {
		return m.explainLiteral(msg)
	}
	rest := msg[loc[1]:]
	at := -1
	if g := totalLength.FindStringSubmatch(rest); g != nil {
		if n, err := strconv.Atoi(g[1]); err == nil {
			at = len(m.sent) - n
		}
	} else {
		for q := len(rest) - 1; q >= 0 && at < 0; q-- {
			if rest[q] == '"' && strings.HasSuffix(m.sent, rest[:q]) {
				at = len(m.sent) - q
			}
		}
	}
	if at < 0 {
		return Errorf(m.Source, m.Start(), "%s", msg)
	}
	i := sort.SearchInts(m.starts, at)
	if i >= len(m.tokens) {
		last := m.tokens[len(m.tokens)-1]
		return Errorf(m.Source, last.End, "the statement ends too early")
	}
	t := m.tokens[i]
	t.Text = m.Source.Text[t.Start:t.End] // the user's, not what was put in its place
	e := Errorf(m.Source, t.Start, "unexpected %s", shown(t))
	if t.Kind == Word && !t.Synthetic && isReservedWord(t.Upper) && !structural[t.Upper] {
		return e.WithHint("%s is a reserved word; write `%s` to use it as a name", t.Upper, t.Text)
	}
	return e
}

// quotedText finds the text that a message of the parser quotes: its errors about
// literals have no place.
var quotedText = regexp.MustCompile(`'([^']+)'`)

func (m *Mapping) explainLiteral(msg string) *Error {
	if g := quotedText.FindStringSubmatch(msg); g != nil {
		for _, t := range m.tokens {
			if t.Text == g[1] {
				return Errorf(m.Source, t.Start, "the number %s is too large", t.Text)
			}
		}
	}
	return Errorf(m.Source, m.Start(), "%s", msg)
}

func shown(t Token) string {
	if t.Kind == EOF {
		return "end of the statement"
	}
	return fmt.Sprintf("%q", t.Text)
}

// Keywords returns the words that mean something in a statement, in capitals, for
// completion.
func Keywords() []string {
	words := []string{"EMIT", "TRIGGER", "WATERMARK", "MATERIALIZED", "APPEND", "COMPLETE", "TRY_CAST", "METADATA", "ENFORCED"}
	for _, k := range tidb.Keywords {
		if k.Reserved {
			words = append(words, k.Word)
		}
	}
	sort.Strings(words)
	return words
}
