package sqlstream

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// upserts says what is wrong with a REPLACE, INSERT IGNORE or ON DUPLICATE KEY UPDATE of a
// table.
func (t *target) upserts(st *sql.Insert) error {
	what, at := "REPLACE", st.Start
	switch {
	case st.OnDuplicate != nil:
		what, at = "ON DUPLICATE KEY UPDATE", st.On
	case st.Ignore:
		what = "INSERT IGNORE"
	case !st.Replace:
		return nil
	}
	switch e := t.entry; {
	case !t.connector.Memory:
		return st.Errorf(at, "%s works on memory tables; %s is a table of connector '%s'", what, e.Name, t.connector.Name)
	case len(e.Def.PrimaryKey) == 0 || e.Def.NotEnforced:
		return st.Errorf(at, "%s is for tables with an enforced PRIMARY KEY, which %s has not", what, e.Name)
	case e.AppendOnly:
		return st.Errorf(at, "%s is not possible: table %s is append-only", what, e.Name).WithHint("declare it without 'append.only'")
	case st.Tail.Emit:
		return st.Errorf(st.Tail.Offset, "%s runs once and has no EMIT", what).
			WithHint("a continuous INSERT into a table with PRIMARY KEY replaces rows by itself where its query does")
	}
	return nil
}

// An upsert is REPLACE, INSERT IGNORE or ON DUPLICATE KEY UPDATE at work: rows are taken one after the
// other, in the order of the query, and each sees what those before it have left.
type upsert struct {
	db     *DB
	target *target
	at     *sql.Insert
	set    []*sql.Assignment // of ON DUPLICATE KEY UPDATE; nil for the others
	names  []string          // of the columns of the row that was to be inserted

	rows    map[string]*upsertRow
	order   []*upsertRow // by first appearance
	fresh   int64        // rows inserted
	changed int64        // rows replaced, ignored or updated
}

// An upsertRow is a key that the statement touches.
type upsertRow struct {
	old, now *zset.Batch // of one row; nil for none
}

func (db *DB) upsert(ctx context.Context, st *sql.Insert, t *target, p *planner.Query) (string, error) {
	u := &upsert{db: db, target: t, at: st, rows: map[string]*upsertRow{}}
	if err := u.assignments(); err != nil {
		return "", err
	}
	leave, err := db.mayWrite(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	given, err := db.collect(ctx, p)
	if err != nil {
		return "", err
	}
	if err := u.find(ctx, given); err != nil {
		return "", err
	}
	word := "updated"
	switch {
	case st.Replace:
		word = "replaced"
		u.replace(given)
	case st.Ignore:
		word = "ignored"
		u.ignore(given)
	default:
		if err := u.merge(ctx, given); err != nil {
			return "", err
		}
	}
	if err := db.apply(ctx, t, u.delta()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s inserted, %d %s", rowsWord(u.fresh), u.changed, word), nil
}

// assignments checks the names of ON DUPLICATE KEY UPDATE.
func (u *upsert) assignments() error {
	st := u.at
	if st.OnDuplicate == nil {
		return nil
	}
	var err error
	if u.set, err = u.target.assigned(&st.Common, st.OnDuplicate); err != nil || st.AliasColumns == nil {
		return err
	}
	written, err := u.target.written(st)
	if err != nil {
		return err
	}
	given := u.target.given(st, written)
	if len(given) != len(st.AliasColumns) {
		return st.Errorf(st.AliasColumns[0].Offset, "%s names %d columns, the rows have %d", st.Alias.Text, len(st.AliasColumns), len(given))
	}
	u.names = make([]string, u.target.entry.Schema.Len())
	for i, at := range given {
		u.names[at] = st.AliasColumns[i].Text
	}
	return nil
}

// find reads the rows of the table that have the keys of the given ones.
func (u *upsert) find(ctx context.Context, given *zset.Batch) error {
	keys := zset.NewBuilder(given.Schema.Project(u.target.entry.Def.PrimaryKey))
	for row := range given.Len {
		key := u.key(given, row)
		if u.rows[key] != nil {
			continue
		}
		r := &upsertRow{}
		u.rows[key] = r
		u.order = append(u.order, r)
		for i, c := range u.target.entry.Def.PrimaryKey {
			keys.Cols[i].AppendRow(given.Cols[c], row)
		}
		keys.EndRow()
	}
	held, err := u.db.find(ctx, u.target, keys.Build())
	if err != nil {
		return err
	}
	for row := range held.Len {
		r := u.rows[u.key(held, row)]
		r.old = rowOf(held, row)
		r.now = r.old
	}
	return nil
}

func (u *upsert) key(b *zset.Batch, row int) string {
	var cols []*vec.Vec
	for _, c := range u.target.entry.Def.PrimaryKey {
		cols = append(cols, b.Cols[c])
	}
	return string(zset.AppendKey(nil, cols, row))
}

// rowOf copies one row.
func rowOf(b *zset.Batch, row int) *zset.Batch {
	out := zset.NewBuilder(b.Schema)
	out.AppendRow(b, row, 1)
	return out.Build()
}

// replace puts each row in the place of what has its key.
func (u *upsert) replace(given *zset.Batch) {
	for row := range given.Len {
		r := u.rows[u.key(given, row)]
		u.count(r, given.Weight(row))
		r.now = rowOf(given, row)
	}
}

// ignore puts in each row whose key is not there.
func (u *upsert) ignore(given *zset.Batch) {
	for row := range given.Len {
		r := u.rows[u.key(given, row)]
		u.count(r, given.Weight(row))
		if r.now == nil {
			r.now = rowOf(given, row)
		}
	}
}

// count counts rows of a key: the first is inserted where there was none.
func (u *upsert) count(r *upsertRow, n int64) {
	if r.now == nil {
		u.fresh++
		n--
	}
	u.changed += n
}

// merge inserts rows whose key is not there and updates those that have the others'.
// Rows of one key follow one another, those of different keys are taken together.
func (u *upsert) merge(ctx context.Context, given *zset.Batch) error {
	var left []int
	for row := range given.Len {
		for range given.Weight(row) {
			left = append(left, row)
		}
	}
	for len(left) > 0 {
		var pairs, later []int
		taken := map[*upsertRow]bool{}
		for _, row := range left {
			r := u.rows[u.key(given, row)]
			switch {
			case taken[r]:
				later = append(later, row)
				continue
			case r.now == nil:
				r.now = rowOf(given, row)
				u.fresh++
			default:
				pairs = append(pairs, row)
			}
			taken[r] = true
		}
		if err := u.update(ctx, given, pairs); err != nil {
			return err
		}
		left = later
	}
	return nil
}

// update computes what becomes of the rows that have the keys of the given ones.
func (u *upsert) update(ctx context.Context, given *zset.Batch, pairs []int) error {
	if len(pairs) == 0 {
		return nil
	}
	schema := u.target.entry.Schema
	both := zset.NewBuilder(&types.Schema{Fields: append(append(append([]types.Field{}, schema.Fields...), schema.Fields...),
		types.Field{Name: "pair", Type: types.Of(types.BigInt), NotNull: true})})
	for i, row := range pairs {
		r := u.rows[u.key(given, row)]
		for c := range schema.Fields {
			both.Cols[c].AppendRow(r.now.Cols[c], 0)
			both.Cols[schema.Len()+c].AppendRow(given.Cols[c], row)
		}
		vec.AppendInt(both.Cols[2*schema.Len()], int64(i))
		both.EndRow()
	}
	p, err := u.db.planning().Merge(&planner.Merge{
		Table: u.target.entry, Pairs: both.Build(), Alias: u.at.Alias.Text, Columns: u.names, Set: u.set,
	})
	if err != nil {
		return err
	}
	changed, err := u.db.collect(ctx, p)
	if err != nil {
		return err
	}
	for i, row := range pairs {
		key := u.key(given, row)
		r := u.rows[key]
		r.now = rowOf(columnsOf(changed, schema, 0), i)
		u.changed++
		if fresh := u.key(r.now, 0); fresh != key {
			if err := u.move(key, fresh); err != nil {
				return err
			}
		}
	}
	return nil
}

// move gives a row another key, for the rows that follow.
func (u *upsert) move(from, to string) error {
	r := u.rows[from]
	if other := u.rows[to]; other != nil && other.now != nil {
		return fmt.Errorf("table %s: ON DUPLICATE KEY UPDATE would make two rows of one PRIMARY KEY: %s",
			u.target.entry.Name, r.now.NamedText(0, u.target.entry.Def.PrimaryKey))
	}
	u.rows[to] = r
	left := &upsertRow{}
	u.rows[from] = left
	u.order = append(u.order, left)
	return nil
}

// delta is what the statement makes of the table.
func (u *upsert) delta() *zset.Batch {
	gone, added := zset.NewBuilder(u.target.entry.Schema), zset.NewBuilder(u.target.entry.Schema)
	for _, r := range u.order {
		if r.old != nil {
			gone.AppendRow(r.old, 0, -1)
		}
		if r.now != nil {
			added.AppendRow(r.now, 0, 1)
		}
	}
	return zset.Consolidate(gone.Build(), added.Build())
}
