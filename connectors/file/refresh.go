package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// rereads reports a table whose files are read whole whenever they change.
func rereads(t *connectors.Table) bool { return t.Options.Get("refresh") != "" }

// checkRefresh says what does not go with the option.
func checkRefresh(t *connectors.Table) error {
	switch every, err := t.Options.Duration("refresh", 0); {
	case err != nil || !rereads(t):
		return err
	case every < time.Second:
		return errors.New("option 'refresh' is 1 second or more")
	case t.Options.Get("scan.startup") == "latest":
		return errors.New("option 'refresh' reads all that the files hold, which 'scan.startup' = 'latest' would leave out")
	case t.Options.Get("format") == format.DebeziumJSON, t.Options.Get("changelog") != "":
		return errors.New("option 'refresh' takes the files for what the table holds; records that say what they change are read once, without it")
	}
	return nil
}

// whole is the one split of files that are read again.
const whole connectors.Split = "files"

// shelf keeps what files hold that are read again, so that all readers of a table in one
// database see the same versions at the same positions.
type shelf struct {
	mu     sync.Mutex
	tables map[*connectors.Table]*versions
}

// open returns a source on a table's versions.
func (s *shelf) open(t *connectors.Table, env connectors.Env) (connectors.Source, error) {
	if err := checkRefresh(t); err != nil {
		return nil, err
	}
	every, err := t.Options.Duration("refresh", 0)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.tables[t]
	if v == nil {
		v = &versions{table: t, env: env, every: every}
		s.tables[t] = v
	}
	v.users++
	return &refreshed{shelf: s, versions: v}, nil
}

func (s *shelf) release(v *versions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.users--; v.users == 0 {
		delete(s.tables, v.table)
	}
}

// versions are what the files of a table have held, as far as somebody may still ask for
// it. A version's position is the second in which it was first seen, or a later one where
// there would be two: so it is beyond those that another process has given.
type versions struct {
	table *connectors.Table
	env   connectors.Env
	every time.Duration
	users int // guarded by the shelf

	mu     sync.Mutex
	looked time.Time
	seen   []os.FileInfo // of the last version
	last   []version     // the newest ones, in order
}

// A version is the records of all files at a time.
type version struct {
	at      connectors.Offset
	records []connectors.Record
}

// keptVersions is how many versions are held: one that is planned to be read must be there
// although another one comes.
const keptVersions = 2

// look takes in what the files hold, where it is time and they have changed.
func (v *versions) look(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.env.Now()
	if len(v.last) > 0 && now.Sub(v.looked) < v.every {
		return nil
	}
	before, err := v.stat()
	if err != nil {
		return err
	}
	if len(v.last) > 0 && slices.EqualFunc(before, v.seen, sameLook) {
		v.looked = now
		return nil
	}
	records, err := v.load(ctx)
	if err != nil {
		return err
	}
	after, err := v.stat()
	if err != nil {
		return err
	}
	if len(v.last) > 0 && !slices.EqualFunc(before, after, sameLook) {
		return nil // somebody is writing: the version before holds until that is over
	}
	at := connectors.Offset(now.Unix())
	if n := len(v.last); n > 0 {
		at = max(at, v.last[n-1].at+1)
	}
	v.looked, v.seen = now, before
	v.last = append(v.last, version{at, records})
	if n := len(v.last); n > keptVersions {
		v.last = slices.Clone(v.last[n-keptVersions:])
	}
	return nil
}

func (v *versions) stat() ([]os.FileInfo, error) {
	names, err := list(v.table.Options.Get("path"), v.env.Dirs)
	if err != nil {
		return nil, err
	}
	var out []os.FileInfo
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

// load reads all files from their first lines to their last.
func (v *versions) load(ctx context.Context) ([]connectors.Record, error) {
	s, err := openSource(v.table, v.env)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.wait = 0 // a last line counts as it is
	splits, err := s.Splits(ctx)
	if err != nil {
		return nil, err
	}
	ends, err := s.Latest(ctx, splits)
	if err != nil {
		return nil, err
	}
	var out []connectors.Record
	buf := make([]connectors.Record, vec.BatchRows)
	for _, split := range splits {
		rd, err := s.Open(ctx, connectors.Range{Split: split, To: ends[split]})
		if err != nil {
			return nil, err
		}
		for {
			n, err := rd.Next(ctx, buf)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, errors.Join(err, rd.Close())
			}
			for _, r := range buf[:n] {
				r.Value = append([]byte{}, r.Value...)
				out = append(out, r)
			}
		}
		if err := rd.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// newest is the position of the last version.
func (v *versions) newest() connectors.Offset {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last[len(v.last)-1].at
}

// as returns what the files held as of a position: the last version up to it, or the first
// that is known.
func (v *versions) as(at connectors.Offset) []connectors.Record {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := v.last[0].records
	for _, x := range v.last {
		if x.at <= at {
			out = x.records
		}
	}
	return out
}

// refreshed reads a table's versions. A range gives the last of those that it ends behind,
// whole; one that another process has been given gives what is there now.
type refreshed struct {
	shelf *shelf
	*versions
}

// Splits implements connectors.Source.
func (r *refreshed) Splits(context.Context) ([]connectors.Split, error) {
	return []connectors.Split{whole}, nil
}

// Start implements connectors.Source: a query begins with the version that is there.
func (r *refreshed) Start(ctx context.Context, _ []connectors.Split) (connectors.Offsets, error) {
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	return connectors.Offsets{whole: r.newest() - 1}, nil
}

// Latest implements connectors.Source.
func (r *refreshed) Latest(ctx context.Context, _ []connectors.Split) (connectors.Offsets, error) {
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	return connectors.Offsets{whole: r.newest()}, nil
}

// lookEvery is how often a waiting query asks the clock whether it is time to look.
const lookEvery = 100 * time.Millisecond

// Wait implements connectors.Source.
func (r *refreshed) Wait(ctx context.Context, after connectors.Offsets) error {
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		if r.newest() > after[whole] {
			return nil
		}
		if err := pause(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// Open implements connectors.Source; what is read is no records but a table.
func (r *refreshed) Open(context.Context, connectors.Range) (connectors.Reader, error) {
	return nil, fmt.Errorf("table %s is read as a whole", r.table.Name)
}

// Close implements connectors.Source.
func (r *refreshed) Close() error {
	r.shelf.release(r.versions)
	return nil
}

// OpenBatches implements connectors.BatchSource.
func (r *refreshed) OpenBatches(ctx context.Context, of connectors.Range, columns []int) (connectors.BatchReader, error) {
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	f, err := formatOf(r.table)
	if err != nil {
		return nil, err
	}
	dec, err := f.NewDecoder(format.DecodeSpec{Table: r.table, Columns: columns, OnError: format.PolicyOf(r.table.Options)})
	if err != nil {
		return nil, err
	}
	return &versionReader{versions: r.versions, dec: dec, records: r.as(of.To)}, nil
}

// A versionReader hands out the rows of a version, behind one of weight -1.
type versionReader struct {
	*versions
	dec     format.Decoder
	records []connectors.Record
	begun   bool
	bad     int
}

// Next implements connectors.BatchReader.
func (r *versionReader) Next(_ context.Context, b *zset.Builder, most int) error {
	if !r.begun {
		for _, c := range b.Cols {
			c.AppendNull()
		}
		b.EndRowWeight(-1)
		r.begun = true
	}
	n := min(len(r.records), most)
	bad, err := r.dec.Decode(r.records[:n], b)
	if err != nil {
		return err
	}
	r.records = r.records[n:]
	if len(bad) > 0 && r.bad == 0 && r.env.Notice != nil {
		r.env.Notice(fmt.Sprintf("table %s: bad record %v", r.table.Name, &bad[0]))
	}
	if r.bad += len(bad); len(r.records) > 0 {
		return nil
	}
	return io.EOF
}

// Close implements connectors.BatchReader.
func (r *versionReader) Close() error { return nil }
