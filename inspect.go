package sqlstream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

// A StateDir is a directory that WithDir keeps, looked at from outside: nothing runs and
// nothing is changed. docs/state-format.md says what is in there.
type StateDir struct {
	path    string
	in      *builtin.Inspection
	closing sync.Once
}

// OpenStateDir looks into a directory that no process has open.
func OpenStateDir(path string) (*StateDir, error) {
	in, err := builtin.Inspect(nil, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no state of sqlstream", path)
	}
	if err != nil {
		return nil, err
	}
	return &StateDir{path: path, in: in}, nil
}

// Close lets others have the directory.
func (s *StateDir) Close() (err error) {
	s.closing.Do(func() { err = s.in.Close() })
	return err
}

// Tables lists the state tables of each dataflow as of its latest checkpoint. A dataflow
// that cannot be read is an error.
func (s *StateDir) Tables(ctx context.Context) (*Rows, error) {
	l := newListing("dataflow", "epoch#", "query", "worker", "table", "rows#", "bytes#", "shape")
	for _, id := range s.in.Flows() {
		f, err := s.in.Flow(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(f.Tables) == 0 {
			l.add(id, f.Epoch, nil, nil, nil, nil, nil, nil)
		}
		for _, t := range f.Tables {
			query, worker := storeOf(t.Store)
			l.add(id, f.Epoch, query, worker, t.Name, t.Rows, t.Bytes, t.Shape)
		}
	}
	return l.result(), nil
}

// storeOf takes the name of a store apart.
func storeOf(store string) (query, worker string) {
	at := strings.LastIndexByte(store, '/')
	if at < 0 {
		return store, ""
	}
	return store[:at], store[at+1:]
}

// Verify reads every file that counts, and lists what is in order and what is not. It
// reports whether all is.
func (s *StateDir) Verify(ctx context.Context) (*Rows, bool, error) {
	l, sound := newListing("what", "epoch#", "files#", "bytes#", "logged#", "verdict"), true
	paths, wrong, err := s.in.SmallFiles()
	if err != nil {
		return nil, false, err
	}
	tables, damaged, err := builtin.VerifyTables(s.in)
	if err != nil {
		return nil, false, err
	}
	wrong = append(wrong, damaged...)
	for i, path := range append(paths, tables...) {
		l.add(path, nil, nil, nil, nil, soundness(wrong[i]))
		sound = sound && wrong[i] == nil
	}
	for _, id := range s.in.Flows() {
		f, err := s.in.Flow(ctx, id)
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		if err != nil {
			l.add("dataflow "+id, nil, nil, nil, nil, soundness(err))
			sound = false
			continue
		}
		said := "ok"
		if f.Prepared > 0 {
			said = fmt.Sprintf("ok; epoch %d is prepared", f.Prepared)
		}
		l.add("dataflow "+id, f.Epoch, int64(f.Files), f.Bytes, int64(f.Logged), said)
	}
	return l.result(), sound, nil
}

func soundness(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

// Result returns the result table of a query as of the latest checkpoint, in the order of
// its keys' bytes. The columns have their names where the catalog still has the query, and
// its plan uses no function of a program's own.
func (s *StateDir) Result(ctx context.Context, query string) (*Rows, error) {
	for _, id := range s.in.Flows() {
		f, err := s.in.Flow(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, t := range f.Tables {
			if t.Store != query+"/0" || t.Name != resultName {
				continue
			}
			schema, err := schemaOf(t.Shape)
			if err != nil {
				return nil, err
			}
			s.name(schema, query)
			each := func(f func(key, value []byte) error) error { return s.in.Each(ctx, id, t, f) }
			return rowsFrom(schema, resultRows(schema, each)), nil
		}
	}
	return nil, fmt.Errorf("%s has no result table of a query %s", s.path, query)
}

// resultName is the state table that has the result of a query.
const resultName = "result"

// resultBatch is how many rows are read at a time.
const resultBatch = 1024

// errEnough ends a walk that nobody follows any more.
var errEnough = errors.New("enough")

// resultRows reads a result table: rows, and how often each is there.
func resultRows(schema *types.Schema, each func(func(key, value []byte) error) error) iter.Seq2[*zset.Batch, error] {
	return func(yield func(*zset.Batch, error) bool) {
		b := zset.NewBuilder(schema)
		err := each(func(key, value []byte) error {
			zset.KeyAt(key, b.Cols)
			b.EndRowWeight(int64(binary.LittleEndian.Uint64(value)))
			if b.Len() < resultBatch {
				return nil
			}
			if !yield(b.Build(), nil) {
				return errEnough
			}
			b.Reset()
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
		case err != nil:
			yield(nil, err)
		case b.Len() > 0:
			yield(b.Build(), nil)
		}
	}
}

// schemaOf reads the types of a result table's columns from its shape.
func schemaOf(shape string) (*types.Schema, error) {
	text, found := strings.CutPrefix(shape, "map of (")
	text, ends := strings.CutSuffix(text, ") to 8 bytes")
	if !found || !ends {
		return nil, fmt.Errorf("a result table is not a %s", shape)
	}
	s := &types.Schema{}
	for _, part := range outerParts(text) {
		t, err := sql.ParseType(part)
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, types.Field{Name: fmt.Sprintf("column %d", len(s.Fields)+1), Type: t})
	}
	return s, nil
}

// name gives the columns of a result the names that they have in the query's plan.
func (s *StateDir) name(schema *types.Schema, query string) {
	data, err := s.in.ReadFile(catalogFile)
	if err != nil {
		return
	}
	kept, err := catalog.Decode(data)
	if err != nil {
		return
	}
	for _, q := range kept.Queries {
		planned, err := planner.StoredSchema(q.Plan, builtin.Functions())
		if q.Name != query || err != nil || planned.Len() != schema.Len() {
			continue
		}
		for i, f := range planned.Fields {
			schema.Fields[i].Name = f.Name
		}
	}
}

// outerParts cuts a text at the commas that stand in no bracket.
func outerParts(text string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range text {
		switch c {
		case '(', '<':
			depth++
		case ')', '>':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, strings.TrimSpace(text[from:i])), i+1
			}
		}
	}
	return append(out, strings.TrimSpace(text[from:]))
}
