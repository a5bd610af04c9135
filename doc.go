// Package sqlstream is an embedded SQL streaming query engine: topics and tables
// are registered with CREATE TABLE, queries over them are kept up to date as rows
// arrive, and what changes goes to sinks, result tables and subscribers.
//
//	db, err := sqlstream.Open(ctx)
//	err = db.Exec(ctx, `CREATE TABLE clicks (user VARCHAR, page VARCHAR) WITH (connector = 'memory')`)
//	q, err := db.Start(ctx, `SELECT user, COUNT(*) AS n FROM clicks GROUP BY user EMIT UPDATE`)
//	err = db.Exec(ctx, `INSERT INTO clicks VALUES ('ann', '/home')`)
//	for change, err := range q.Changes(ctx) { … }
//
// [DB.Exec] runs statements, [DB.Query] asks a bounded query, [DB.Start] starts a
// continuous one, [DB.Run] runs a whole file and hands out what each statement
// gave. A SELECT without EMIT reads everything that is there and stops; with EMIT
// the same query goes on.
//
// A [DB] and a [Query] may be used from any goroutine. Rows and changes are copies
// in ordinary Go memory: they stay good for as long as they are kept.
package sqlstream
