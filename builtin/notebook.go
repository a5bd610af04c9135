package builtin

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sqlstream/sqlstream/connectors"
)

// Notebook returns what a Transaction of that name keeps in the directory.
func (d *Dir) Notebook(name string) connectors.Notebook { return notebook{d, "note-" + name} }

type notebook struct {
	dir  *Dir
	name string
}

// Read implements connectors.Notebook.
func (n notebook) Read(context.Context) ([]byte, error) {
	data, err := n.dir.ReadFile(n.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Write implements connectors.Notebook.
func (n notebook) Write(_ context.Context, note []byte) error { return n.dir.WriteFile(n.name, note) }
