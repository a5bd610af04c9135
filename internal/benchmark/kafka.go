package benchmark

import (
	"context"
	"fmt"

	"github.com/sqlstream/sqlstream"
)

// topic names the topic of a table by what it holds.
func (w *Workload) topic(t Table, o Options) string {
	return fmt.Sprintf("%s-%s-%d-%d-%d-%d%s", w.Name, t.Name, o.Events, o.Seed, max(o.OutOfOrder, 1), max(o.Splits, 1), o.topics)
}

// kafka are the options of a table whose rows are in a topic.
func (w *Workload) kafka(t Table, o Options) string {
	return fmt.Sprintf("connector = 'kafka', topic = '%s', format = 'json', 'bootstrap.servers' = '%s', 'auto.create' = 'true', partitions = '%d'",
		w.topic(t, o), o.Bootstrap, max(o.Splits, 1))
}

// Load writes the events to topics, uncompressed, where they do not hold them already.
func (w *Workload) Load(ctx context.Context, o Options) error {
	db, err := w.open(ctx, o, 0)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, t := range w.Tables {
		if t.Static {
			continue
		}
		made, err := makeFor(ctx, db, t, o)
		if err != nil {
			return err
		}
		there, err := number(ctx, db, "SELECT COUNT(*) FROM "+t.Name)
		if err != nil {
			return err
		}
		want, err := number(ctx, db, "SELECT COUNT(*) FROM "+made.Name)
		if err != nil {
			return err
		}
		if there == want {
			continue
		}
		if there > 0 {
			return fmt.Errorf("topic %s has %d records, not the %d of this benchmark; delete it", w.topic(t, o), there, want)
		}
		if err := w.write(ctx, db, made, t, o); err != nil {
			return err
		}
	}
	return nil
}

// makeFor defines a table that makes up what a topic is to hold. It has one split, however
// many partitions the topic has: from several the events would get to a partition as the
// splits are read, some of them behind the watermark.
func makeFor(ctx context.Context, db *sqlstream.DB, t Table, o Options) (Table, error) {
	o.Splits = 1
	made := Table{Name: "made_" + t.Name, Columns: t.Columns, Generator: t.Generator}
	return made, db.Exec(ctx, made.Create(generated(made, o, o.Rate)))
}

// write writes what one table has to the topic of another, as it comes or what is there.
func (w *Workload) write(ctx context.Context, db *sqlstream.DB, made, t Table, o Options) error {
	to := Table{Name: "to_" + t.Name, Columns: t.Columns}
	if err := db.Exec(ctx, to.Create(w.kafka(t, o)+", compression = 'none'")); err != nil {
		return err
	}
	trigger := ""
	if o.Rate == 0 {
		trigger = " TRIGGER AVAILABLE NOW"
	}
	return db.Exec(ctx, "INSERT INTO "+to.Name+" SELECT * FROM "+made.Name+" EMIT APPEND"+trigger)
}

// produce writes the events to topics at the rate that is wanted, in another database, and
// returns when all are there.
func (w *Workload) produce(ctx context.Context, o Options) error {
	db, err := sqlstream.Open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, t := range w.Tables {
		if t.Static {
			continue
		}
		made, err := makeFor(ctx, db, t, o)
		if err == nil {
			err = w.write(ctx, db, made, t, o)
		}
		if err != nil {
			return err
		}
	}
	for _, q := range db.Queries() {
		if err := q.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func number(ctx context.Context, db *sqlstream.DB, query string) (n int64, err error) {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}
