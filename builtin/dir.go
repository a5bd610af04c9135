package builtin

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/memory"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/durable"
)

// A FS is what directories lie on: a disk, or for tests something that fails when told to.
type FS = vfs.FS

// A Dir is where a database keeps what outlives the process.
type Dir struct{ *durable.Dir }

// tablesName is where the tables in memory are kept, within a directory.
const tablesName = "tables"

// DirOptions are how a directory is kept.
type DirOptions = durable.Options

// OpenDir opens a directory, one process's at a time; on the disk where on is nil.
func OpenDir(on FS, path string, o DirOptions) (*Dir, error) {
	if on == nil {
		on = private{vfs.Default}
	}
	d, err := durable.Open(on, path, o)
	if err != nil {
		return nil, err
	}
	return &Dir{d}, nil
}

// inMemory is the connector of tables in memory, which are kept in a directory where there
// is one.
func inMemory(d *Dir) connectors.Connector {
	if d == nil {
		return memory.New()
	}
	return memory.NewIn(d.FS(), d.Path(tablesName))
}

// Left returns the path of a flow or a table that is kept in the directory, "" where there
// is none.
func (d *Dir) Left() (string, error) {
	flows, err := d.Flows()
	if err != nil {
		return "", err
	}
	if len(flows) > 0 {
		return d.Path("flows/" + flows[0]), nil
	}
	tables, err := d.FS().List(d.Path(tablesName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(tables) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return d.Path(tablesName + "/" + tables[0]), nil
}

// NewFlow makes the backend of a dataflow.
func (d *Dir) NewFlow() (string, state.Backend, error) {
	id := NewID()
	b, err := backend(d.Flow(id))
	return id, b, err
}

// OpenFlow opens one that NewFlow has made.
func (d *Dir) OpenFlow(id string) (state.Backend, error) { return backend(d.Dir.OpenFlow(id)) }

// backend is nil where there is an error, and not an interface that holds no flow.
func backend(f *durable.Flow, err error) (state.Backend, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// NewPassing makes the backend of a dataflow that is not kept: it has room beyond memory.
func (d *Dir) NewPassing() (state.Backend, error) { return d.Passing(), nil }

// NewID returns a name that nothing ever had, of a table, a query, a dataflow: whatever has
// the name of another is told from it by that.
func NewID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it does not fail
	return hex.EncodeToString(b)
}

// An Inspection is what a directory holds, seen from outside.
type Inspection = durable.Inspection

// VerifyTables reads what the tables in memory have in a directory, and returns their files
// and of each what is wrong with it.
func VerifyTables(in *Inspection) (paths []string, wrong []error, err error) {
	return memory.Verify(in.FS(), in.Path(tablesName))
}

// Inspect looks into a directory while no process has it open.
func Inspect(on FS, path string) (*Inspection, error) {
	if on == nil {
		on = vfs.Default
	}
	return durable.Inspect(on, path)
}
