package sqltest

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
)

// eval computes expressions, one a line, and prints each with its value and type. An
// expression must be worth the same over columns as over constants.
func (s *session) eval(b *Block) (string, error) {
	var out strings.Builder
	for line := range strings.Lines(b.Input) {
		line = strings.TrimSpace(line)
		v := s.value("SELECT " + line)
		out.WriteString(line + "  →  " + v.String() + "\n")
		s.overColumns(line, v)
	}
	return out.String(), nil
}

// A value is what an expression is worth, or why it is worth nothing.
type value struct {
	text string
	typ  types.Type
	err  error
}

// String prints the value with its type. Of an error the place is left out.
func (v value) String() string {
	if v.err == nil {
		return v.text + "  " + v.typ.String()
	}
	if e, ok := sql.AsError(v.err); ok {
		return "error: " + e.Msg
	}
	return "error: " + v.err.Error()
}

// value asks a query of one column whose rows are all the same.
func (s *session) value(query string) value {
	rows, err := s.db.Query(s.ctx, query)
	if err != nil {
		return value{err: err}
	}
	v := value{typ: rows.Schema().Fields[0].Type}
	b, err := collect(rows)
	if err == nil && (b.Len != 1 || len(b.Cols) != 1) {
		err = fmt.Errorf("%d rows of %d columns", b.Len, len(b.Cols))
	}
	if err != nil {
		v.err = err
		return v
	}
	_, v.text, _ = strings.Cut(string(b.AppendRowText(nil, 0)), " ")
	return v
}

// overColumns writes columns for the literals of an expression and compares. Where a
// literal means more than its value (a literal that is compared with a number is
// converted, a column is not), the types differ or the query is refused: nothing
// follows from that.
func (s *session) overColumns(line string, want value) {
	tokens, _, err := sql.Lex(&sql.Source{Text: line})
	if err != nil {
		return
	}
	var literals, names []string
	var lifted strings.Builder
	done := 0
	for i, t := range tokens {
		if t.Kind != sql.Number && t.Kind != sql.String {
			continue
		}
		if i > 0 && t.Kind == sql.String && tokens[i-1].Kind == sql.String {
			return // one literal in two pieces
		}
		name := fmt.Sprintf("c%d", len(literals))
		literals, names = append(literals, t.Text), append(names, name)
		lifted.WriteString(line[done:t.Start] + name)
		done = t.End
	}
	if len(literals) == 0 {
		return
	}
	lifted.WriteString(line[done:])
	row := "(" + strings.Join(literals, ", ") + ")"
	query := fmt.Sprintf("WITH v(%s) AS (VALUES %s, %s) SELECT %s FROM v", strings.Join(names, ", "), row, row, lifted.String())
	got := s.value(query)
	if refused(got.err) || refused(want.err) || !got.typ.Equal(want.typ) {
		return
	}
	same := got.text == want.text || nearlySame(got.text, want.text)
	if failed := got.err != nil; failed != (want.err != nil) || !failed && !same {
		s.breach("%s is %s, but over columns %s", line, want, got)
	}
}

// refused reports that a query did not come to run: what fails while it runs has no
// place in the text.
func refused(err error) bool {
	_, ok := sql.AsError(err)
	return ok
}
