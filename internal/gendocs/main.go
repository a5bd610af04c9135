// Gendocs writes docs/functions.md from the registry of functions, and
// docs/connectors.md from what connectors and formats say of themselves. Run it from
// the module's root:
//
//	go run ./internal/gendocs
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
	"github.com/sqlstream/sqlstream/sql/function/table"
)

func main() {
	for name, text := range pages() {
		if err := os.WriteFile(filepath.Join("docs", name), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// pages are the texts of the generated pages by file name.
func pages() map[string]string {
	return map[string]string{"functions.md": page(), "connectors.md": connectorPage()}
}

// chapters are the categories of scalar functions in the order of the page.
var chapters = []struct{ category, title string }{
	{"string", "Text"},
	{"numeric", "Numbers"},
	{"time", "Dates and times"},
	{"json", "JSON"},
	{"conditional", "Conditions and types"},
	{"hash", "Hashes and identifiers"},
	{"nested", "Arrays, maps and rows"},
}

const intro = `# Functions

<!-- Written by "go run ./internal/gendocs" from sql/function; every example runs as a test. -->

Names are not case-sensitive. A function of a NULL is NULL where nothing else is said. Functions of texts take numbers
and times, too, as their text; a text written in a query counts as the number or time that a function wants, a column of
texts has to be CAST. Texts are compared byte by byte, so letter case counts. A value that cannot be computed is an
error, or NULL with ` + "`SET eval_error = 'null'`" + `. In the examples it is 2026-11-25 10:20:30.123456 UTC.

`

// page returns the text of docs/functions.md.
func page() string {
	var b strings.Builder
	b.WriteString(intro)
	for _, c := range chapters {
		fmt.Fprintf(&b, "- [%s](#%s): ", c.title, anchor(c.title))
		var names []string
		for _, f := range scalar.All {
			if f.Category == c.category {
				names = append(names, fmt.Sprintf("[%s](#%s)", f.Name, f.Name))
			}
		}
		b.WriteString(strings.Join(names, ", ") + "\n")
	}
	b.WriteString("- [Part of the language](#part-of-the-language)\n- [Aggregates](#aggregates)\n- [Table functions](#table-functions)\n\n")
	for _, c := range chapters {
		fmt.Fprintf(&b, "## %s\n\n", c.title)
		for i := range scalar.All {
			if scalar.All[i].Category == c.category {
				writeScalar(&b, &scalar.All[i])
			}
		}
	}
	b.WriteString("## Part of the language\n\nThese look like functions or operators and are no names of the registry: SHOW FUNCTIONS does not list them.\n\n")
	for _, f := range forms {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", f.name, f.doc)
		writeExamples(&b, f.examples)
	}
	b.WriteString("## Aggregates\n\nThey stay right when rows are taken back or changed. NULLs are left out where nothing else is said, and so are rows where a FILTER (WHERE …) behind the call is not true.\n\n")
	for i := range aggregate.All {
		writeAggregate(&b, &aggregate.All[i])
	}
	b.WriteString("## Table functions\n\nThey stand in FROM and give rows for each row before them: FROM t, string_split(t.s, ' ') AS w. LEFT JOIN … ON TRUE keeps rows for which there are none.\n\n")
	for i := range table.All {
		writeTable(&b, &table.All[i])
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func anchor(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

func writeScalar(b *strings.Builder, f *function.Scalar) {
	fmt.Fprintf(b, "### %s\n\n`%s`", f.Name, strings.ReplaceAll(f.Signatures(), "), ", ")`, `"))
	if len(f.Aliases) > 0 {
		fmt.Fprintf(b, "; also `%s`", strings.Join(f.Aliases, "`, `"))
	}
	fmt.Fprintf(b, "\n\n%s", f.Doc)
	switch f.Stability {
	case function.PerEpoch:
		b.WriteString(" The value is the same for all rows of an epoch.")
	case function.Volatile:
		b.WriteString(" The value is another one each time.")
	}
	b.WriteString("\n\n")
	writeExamples(b, f.Examples)
}

func writeTable(b *strings.Builder, f *function.Table) {
	fmt.Fprintf(b, "### %s\n\n", f.Name)
	if len(f.Aliases) > 0 {
		fmt.Fprintf(b, "Also `%s`.\n\n", strings.Join(f.Aliases, "`, `"))
	}
	examples := make([]function.Example, len(f.Examples))
	for i, x := range f.Examples {
		examples[i] = function.Example{Expr: x.Call, Value: "no rows"}
		if x.Rows != "" {
			examples[i].Value = "rows: " + strings.ReplaceAll(x.Rows, "\n", " | ")
		}
	}
	b.WriteString(f.Doc + "\n\n")
	writeExamples(b, examples)
}

// writeExamples lines up the values behind the longest expression.
func writeExamples(b *strings.Builder, examples []function.Example) {
	width := 0
	for _, x := range examples {
		width = max(width, columns(x.Expr))
	}
	width = min(width, 70)
	b.WriteString("```sql\n")
	for _, x := range examples {
		fmt.Fprintf(b, "%s%s  -- %s\n", x.Expr, strings.Repeat(" ", max(width-columns(x.Expr), 0)), shown(x.Value))
	}
	b.WriteString("```\n\n")
}

// columns counts the columns of a terminal that a text takes; Korean takes two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

func shown(value string) string {
	if value == "" {
		return "(the empty text)"
	}
	return strings.ReplaceAll(value, "\n", "⏎")
}

func writeAggregate(b *strings.Builder, f *function.Aggregate) {
	fmt.Fprintf(b, "### %s\n\n%s\n\n", f.Name, f.Doc)
	if len(f.Aliases) > 0 {
		fmt.Fprintf(b, "Also `%s`.\n\n", strings.Join(f.Aliases, "`, `"))
	}
	b.WriteString("| call | type | rows | value |\n|---|---|---|---|\n")
	for _, x := range f.Examples {
		var rows []string
		for line := range strings.Lines(x.Rows) {
			rows = append(rows, row(strings.TrimSpace(line)))
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", x.Call, x.Type.String(), strings.Join(rows, ", "), x.Value)
	}
	b.WriteString("\n")
}

// row writes "+2 a" as "a, a" and "-1 a" as a row that was taken back.
func row(line string) string {
	weight, value, _ := strings.Cut(line, " ")
	switch {
	case weight == "+1":
		return value
	case weight[0] == '+':
		return value + " ×" + weight[1:]
	case weight == "-1":
		return "~~" + value + "~~"
	}
	return "~~" + value + " ×" + weight[1:] + "~~"
}
