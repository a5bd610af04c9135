package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sqlstream/sqlstream/connectors"
)

// What the worker knows, whole in one file: a save is atomic, and durable when it returns.
type known struct {
	Epoch    int64
	At       map[connectors.Split]place
	Plan     []connectors.Range         // of the epoch that runs
	Prepared map[connectors.Split]place // what holds when it has happened
}

// A place is how far a partition has been read, and what came of it.
type place struct {
	Offset     connectors.Offset
	Count, Sum int64
}

func load(dir, name string, to any) error {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

func save(dir, name string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	at := filepath.Join(dir, name)
	f, err := os.Create(at + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(at+".new", at); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// A notebook is a file of the directory.
type notebook struct{ dir string }

// Read implements connectors.Notebook.
func (n notebook) Read(context.Context) ([]byte, error) {
	var note json.RawMessage
	err := load(n.dir, "note", &note)
	return note, err
}

// Write implements connectors.Notebook.
func (n notebook) Write(_ context.Context, note []byte) error {
	return save(n.dir, "note", json.RawMessage(note))
}
