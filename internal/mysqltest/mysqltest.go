// Package mysqltest judges expressions by the answers of a MySQL server. The answers
// are recorded in testdata/oracle by cmd/record, which asks a MariaDB that it starts;
// the test reads the recording and needs no server.
package mysqltest

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/internal/sample"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/function/scalar"
)

// A Family is the expressions of one file of the recording.
type Family struct {
	Name  string
	Law   string   // what its answers say, one sentence
	Exprs []string // each once, on one line
}

// Head is the lines at the beginning of its file.
func (f Family) Head() []string {
	out := []string{"# " + f.Law}
	if strings.Contains(f.Exprs[0], atRow) || strings.HasPrefix(f.Exprs[0], isQuery) {
		out = append(append(out, "# They read a table, in its row @n or as a whole, whose columns have in rows 1 to 6:"), tableLines()...)
	}
	return out
}

// Families returns all of them. They are the same in every call: what looks random is
// drawn by fixed seeds.
func Families() []Family {
	out := []Family{{"examples", "The examples of the functions' documentation, of those that MariaDB knows.", examples()}}
	for _, s := range slices.Concat(numbers, times, texts, nested, queries) {
		out = append(out, Family{s.name, s.law, expand(s.templates)})
	}
	for _, s := range rows {
		out = append(out, Family{s.name, s.law, overRows(expand(s.templates))})
	}
	return out
}

func examples() []string {
	var out []string
	for _, f := range scalar.All {
		if f.Stability == function.Volatile {
			continue
		}
		for _, x := range f.Examples {
			out = append(out, x.Expr)
		}
	}
	return out
}

// A set is the templates of a family.
type set struct {
	name, law string
	templates []template
}

// A template is an expression with $x in the places of values from the pool named x,
// and how many expressions are made of it. All combinations are taken where there are
// no more than that, and a sample of them elsewhere.
type template struct {
	text string
	n    int
}

func expand(templates []template) []string { return expandIn(pools, templates) }

func expandIn(pools map[string][]string, templates []template) []string {
	var out []string
	seen := map[string]bool{}
	add := func(text string) {
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	for _, t := range templates {
		parts := strings.Split(t.text, "$")
		all := 1
		for _, p := range parts[1:] {
			all = min(all*len(pools[p[:1]]), 1<<20)
		}
		if all <= t.n {
			for i := range all {
				add(fill(pools, parts, func(pool []string) string {
					v := pool[i%len(pool)]
					i /= len(pool)
					return v
				}))
			}
			continue
		}
		r := drawing(t.text)
		for range t.n {
			add(fill(pools, parts, func(pool []string) string { return pool[r.IntN(len(pool))] }))
		}
	}
	return out
}

// drawing returns the dice of a template: its own, so that others can be added before it.
func drawing(template string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(template))
	return sample.Rand(h.Sum64())
}

// fill puts values behind the parts of a template, each of which begins with the name
// of its pool.
func fill(pools map[string][]string, parts []string, pick func(pool []string) string) string {
	var b strings.Builder
	b.WriteString(parts[0])
	for _, p := range parts[1:] {
		b.WriteString(pick(pools[p[:1]]))
		b.WriteString(p[1:])
	}
	return b.String()
}
