package sqlstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/stream"
)

// renew puts a materialized view in the place of one that computes the same, under other names
// perhaps: it goes on with all that the old one has, and reads nothing again. It is false
// where the view is another, or the old one is not kept.
func (db *DB) renew(ctx context.Context, l *launch) (Result, bool, error) {
	was, kept := db.catalog.Query(l.name)
	old := db.queryNamed(l.name)
	if !kept || old == nil || l.kind != "MATERIALIZED VIEW" || was.Kind != l.kind || !db.keeps(l) || was.Status == Failed.String() {
		return Result{}, false, nil
	}
	same := planner.ReuseOf(old.plan, l.plan).Same && sameTerms(was.Set, l.terms.settings) && old.launch.tail.Trigger == l.tail.Trigger
	if !same {
		return Result{}, false, nil
	}
	l.id = was.ID
	before, _ := db.catalog.Lookup(l.name)
	if err := old.Stop(ctx); err != nil {
		return Result{}, true, err
	}
	if err := db.enter(l); err != nil {
		return Result{}, true, err
	}
	now, _ := db.catalog.Query(l.name)
	r, err := db.resume(ctx, now, old)
	if err != nil {
		return r, true, errors.Join(err, db.catalog.Change(func(n *catalog.Names) error {
			n.PutQuery(*was)
			return n.Put(before, true)
		}))
	}
	r.Notes = append(r.Notes, "it computes what it did, and goes on with its state")
	return r, true, nil
}

// sameTerms reports that settings agree in all on which plan and state depend.
func sameTerms(a, b map[string]string) bool {
	return !slices.ContainsFunc(known, func(s setting) bool { return !s.later && a[s.name] != b[s.name] })
}

// readAgain has a materialized view that takes the place of one which runs begin to read
// where that has begun, so that it is a view of the same rows, and refuses where these
// are no more.
func (db *DB) readAgain(ctx context.Context, l *launch, spec stream.Spec, old *Query) error {
	if l.kind != "MATERIALIZED VIEW" || old.kind != l.kind {
		return nil
	}
	tables, err := old.run.Began(ctx)
	if err != nil {
		return err
	}
	for _, in := range spec.Inputs {
		src := in.Source
		if src == nil || src.Connector.Memory || len(tables[src.Table.Name]) == 0 {
			continue
		}
		began := tables[src.Table.Name]
		if how, err := db.gone(ctx, src, began); err != nil {
			return err
		} else if how != "" {
			return l.at.Errorf(l.at.Start, "materialized view %s cannot take the place of the one that runs: %v", l.name, planner.ReuseOf(old.plan, l.plan).Gone(src.Table.Name, how)).
				WithHint("DROP MATERIALIZED VIEW %s first, to begin with the rows that are still there; or create it under another name", l.name)
		}
		src.From = began
	}
	return nil
}

// notes are what there is to say of a launch beside its message.
func (l *launch) notes(more string) []string {
	return slices.DeleteFunc([]string{l.note, more}, func(s string) bool { return s == "" })
}

// readFromBeginning says which tables are read again by what takes the place of another.
func readFromBeginning(spec stream.Spec) string {
	var names []string
	for _, in := range spec.Inputs {
		if src := in.Source; src != nil && src.From != nil && !slices.Contains(names, src.Table.Name) {
			names = append(names, src.Table.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "read again, from where the one before began: " + strings.Join(names, ", ")
}

// gone says what of a table lies before the first record that can still be read, "" where all
// that was read of it can be read again.
func (db *DB) gone(ctx context.Context, src *stream.Source, began connectors.Offsets) (how string, err error) {
	s, err := src.Connector.Source(ctx, src.Table, db.env)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	x, ok := s.(connectors.Retainer)
	if !ok {
		return "", nil
	}
	splits, err := s.Splits(ctx)
	if err != nil {
		return "", err
	}
	earliest, err := x.Earliest(ctx, splits)
	if err != nil {
		return "", err
	}
	for _, split := range slices.SortedFunc(maps.Keys(began), stream.CompareSplits) {
		if first, ok := earliest[split]; ok && first > began[split] {
			return fmt.Sprintf("%s has those from offset %d on by now, and the old one has read it from %d on", split, first, began[split]), nil
		}
	}
	return "", nil
}
