package sqlstream_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the prefix of our own import paths.
const module = "github.com/sqlstream/sqlstream"

// mayImport says which packages of this module each package may import beside
// internal/*, which is open to all. Data flows down the list. It is policy: do not
// add to it to fix a build.
const mayImport = `
sql/types:              -
vec:                    sql/types
zset:                   sql/types vec
sql:                    sql/types
sql/function:           sql/types vec
sql/function/scalar:    sql/types vec sql/function
sql/function/aggregate: sql/types vec sql/function
sql/function/table:     sql/types vec sql/function
sql/expr:               sql/types vec sql/function zset
state:                  sql/types vec
state/memory:           sql/types vec zset state
state/cold:             state state/memory
state/durable:          state state/memory state/cold
state/statetest:        sql/types vec zset state state/memory
exec:                   sql/types vec zset sql/function sql/expr state
connectors:             sql/types zset
connectors/connectortest: sql/types vec zset connectors
connectors/format:      sql/types vec zset connectors
connectors/console:     sql/types vec zset connectors connectors/format
connectors/datagen:     sql/types vec zset connectors
connectors/discard:     sql/types vec zset connectors
connectors/file:        sql/types vec zset connectors connectors/format
connectors/kafka:       sql/types vec zset connectors connectors/format
connectors/memory:      sql/types vec zset connectors
catalog:                sql/types connectors
planner/logical:        sql/types sql/function sql/expr zset
planner/bind:           sql sql/types vec zset sql/function sql/expr catalog connectors planner/logical
planner/rule:           sql/types sql/function sql/expr planner/logical
planner/lower:          sql/types zset sql/function sql/expr planner/logical exec
planner/stored:         sql/types vec sql/function sql/expr zset planner/logical
planner:                sql sql/types vec sql/function sql/expr zset catalog connectors exec planner/bind planner/logical planner/rule planner/lower planner/stored
stream:                 sql/types vec zset exec state connectors connectors/format
builtin:                sql/function sql/function/scalar sql/function/aggregate sql/function/table state state/memory state/durable connectors connectors/format connectors/console connectors/datagen connectors/discard connectors/file connectors/kafka connectors/memory
.:                      sql sql/types vec zset sql/function sql/expr catalog connectors connectors/format planner stream builtin
bench/nexmark:          -
bench/ysb:              -
cmd/sqlstream:          . zset sql/types vec bench/nexmark bench/ysb
`

// policy parses mayImport.
func policy() map[string][]string {
	allowed := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(mayImport)) {
		pkg, list, _ := strings.Cut(line, ":")
		allowed[strings.TrimSpace(pkg)] = strings.Fields(list)
	}
	return allowed
}

// goFiles calls f for each Go file of the module that is not a test.
func goFiles(t *testing.T, f func(path, pkg string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != "." && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || isModule(path)):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			f(path, filepath.ToSlash(filepath.Dir(path)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isModule(dir string) bool {
	m, err := filepath.Glob(filepath.Join(dir, "go.mod"))
	return err == nil && len(m) > 0
}

// The imports are parsed here and not asked of the go command, whose answer the
// test cache would not notice to have changed.
func imports(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, imp)
	}
	return out
}

// Imports flow one way.
func TestImports(t *testing.T) {
	allowed := policy()
	goFiles(t, func(path, pkg string) {
		if strings.HasPrefix(pkg, "internal/") || pkg == "bench" || strings.HasPrefix(pkg, "bench/") {
			return
		}
		list, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %s has no line in the import policy", path, pkg)
			return
		}
		for _, imp := range imports(t, path) {
			in, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			in = strings.TrimPrefix(in, "/")
			if in == "" {
				in = "."
			}
			if !strings.HasPrefix(in, "internal/") && !slices.Contains(list, in) {
				t.Errorf("%s may not import %s", path, in)
			}
		}
	})
}

// TiDB's types stop at the binder, sarama stays in one folder, and Arrow's slow
// kernels are not used at all.
func TestOutsideImports(t *testing.T) {
	sealed := map[string][]string{
		"github.com/pingcap/tidb":                   {"sql", "planner/bind"},
		"github.com/IBM/sarama":                     {"connectors/kafka"},
		"github.com/apache/arrow/go/v17/arrow/comp": nil,
		"github.com/bits-and-blooms/bloom":          {"state/cold"},
		"github.com/cockroachdb/pebble":             {"state/durable", "state/cold", "connectors/memory", "builtin", ".", "internal/sqltest", "internal/faultfs"},
		"github.com/twmb/franz-go":                  {"internal/broker", "internal/kafkatest"},
		"C":                                         nil,
	}
	goFiles(t, func(path, pkg string) {
		for _, imp := range imports(t, path) {
			for prefix, where := range sealed {
				if strings.HasPrefix(imp, prefix) && (imp == prefix || len(prefix) > 1) && !slices.Contains(where, pkg) {
					t.Errorf("%s may not import %s", path, imp)
				}
			}
		}
	})
}
