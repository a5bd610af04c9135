package sqlstream_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
	"github.com/sqlstream/sqlstream/internal/probe"
)

// A job is what the tests of failures keep in a directory: numbers of a topic, a view with
// their sums, and a query that writes each of them once into another topic. docs/operations.md
// has the failures, with what is seen here.
type job struct {
	*disk
	cluster *kfake.Cluster
	addr    string
	client  *kgo.Client
	login   []kgo.Opt // of the client
	in, out string    // topics
	parts   int       // of the first
	sent    int       // the numbers 0, 1, … are in it
	options string    // more of them, of every table
	said    *notices  // what a database tells
	gate    gate
	clock   func() time.Time // nil for that of the machine
	mem     *vfs.MemFS       // the disk

	mu    sync.Mutex
	fault func(op errorfs.Op) error // of the disk, nil for none
}

// newJob starts a broker in the process.
func newJob(t *testing.T, options ...kfake.Opt) *job {
	t.Helper()
	j := &job{in: "in", out: "out"}
	options = append(options, kfake.NumBrokers(1), kfake.SeedTopics(1, j.in, j.out), kfake.ListenFn(j.gate.listen))
	var err error
	if j.cluster, err = kfake.NewCluster(options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.cluster.Close)
	j.addr = j.cluster.ListenAddrs()[0]
	return j.on(t)
}

// newJobOn is a job on a broker that is there.
func newJobOn(t *testing.T, addr string) *job {
	t.Helper()
	c := client(t, addr)
	return (&job{addr: addr, client: c, in: topic(t, c, 1), out: topic(t, c, 1)}).on(t)
}

// on gives the job an empty disk.
func (j *job) on(t *testing.T) *job {
	j.disk = newDisk(t)
	j.parts, j.said = 1, &notices{more: make(chan struct{}, 1)}
	j.lies(vfs.NewCrashableMem())
	return j
}

// lies puts another disk in the place of the one there is.
func (j *job) lies(mem *vfs.MemFS) {
	j.mem = mem
	j.disk.fs = errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		j.mu.Lock()
		fault := j.fault
		j.mu.Unlock()
		if fault == nil {
			return nil
		}
		return fault(op)
	}))
}

// disturb has every operation on the disk ask a function whether it may be.
func (j *job) disturb(fault func(op errorfs.Op) error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fault = fault
}

// writes fails whatever would change the disk.
func writes(err error) func(errorfs.Op) error {
	return func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return &fs.PathError{Op: "write", Path: op.Path, Err: err}
		}
		return nil
	}
}

// open opens the directory, after whatever had it is closed.
func (j *job) open() *sqlstream.DB {
	j.t.Helper()
	options := []sqlstream.Option{sqlstream.WithNotice(j.said.add)}
	if j.clock != nil {
		options = append(options, sqlstream.WithClock(j.clock))
	}
	return j.disk.open(options...)
}

// table is a CREATE TABLE on the broker.
func (j *job) table(name, topic, columns, options string) string {
	return fmt.Sprintf(`CREATE TABLE %s (%s) WITH (connector = 'kafka', topic = '%s', format = 'json', 'bootstrap.servers' = '%s', 'kafka.reconnect.backoff.max.ms' = '20', 'scan.discovery.interval' = '20 ms'%s%s);`,
		name, columns, topic, j.addr, j.options, options)
}

// begin opens the directory and starts the queries. The options are of the table that is read.
func (j *job) begin(options string) *sqlstream.DB {
	j.t.Helper()
	db := j.open()
	exec(j.t, db, j.table("n", j.in, "i BIGINT", options)+j.table("o", j.out, "i BIGINT, pad VARCHAR", ", compression = 'none'")+theView+theQuery)
	return db
}

// ready begins, and waits until the first hundred numbers are everywhere.
func (j *job) ready() {
	j.t.Helper()
	j.begin("")
	j.send(100)
	j.whole()
}

const (
	theView = `CREATE MATERIALIZED VIEW sums AS SELECT i % 3 AS k, COUNT(*) AS c, SUM(i) AS s FROM n GROUP BY i % 3;`
	// One of the records is much larger than the others.
	theQuery = `CREATE QUERY copy AS INSERT INTO o SELECT i, REPEAT('x', IF(i = 150, 3000, 0)) FROM n EMIT APPEND;`
)

// producer is a client that owes the engine nothing.
func (j *job) producer() *kgo.Client {
	if j.client == nil {
		j.client = client(j.t, j.addr, j.login...)
	}
	return j.client
}

// send writes the next numbers into the topic.
func (j *job) send(numbers int) {
	j.t.Helper()
	produce(j.t, j.producer(), j.in, j.parts, j.sent, j.sent+numbers)
	j.sent += numbers
}

// fails waits until a query has failed, and compares the error.
func (j *job) fails(name, want string) {
	j.t.Helper()
	q, ok := queryNamed(j.db, name)
	if !ok {
		j.t.Fatalf("there is no query %s", name)
	}
	err := q.Wait(j.t.Context())
	if st, _ := q.Status(); st != sqlstream.Failed {
		j.t.Fatalf("%s is %v: %v", name, st, err)
	}
	j.reads(name, err, want)
}

// refused compares the error of a statement.
func (j *job) refused(statement, want string) {
	j.t.Helper()
	j.reads(statement, j.db.Exec(j.t.Context(), statement), want)
}

// reads compares an error with what an operator is told to expect, where … stands for what
// is another one each time.
func (j *job) reads(what string, err error, want string) {
	j.t.Helper()
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	if err == nil || !regexp.MustCompile("^(?s:"+pattern+")$").MatchString(err.Error()) {
		j.t.Errorf("%s:\n%v\nwant\n%s", what, err, want)
	}
}

// whole checks that all the numbers are in the view, and once in the topic that is written.
func (j *job) whole() {
	j.t.Helper()
	settle(j.t, j.db, "sums")
	settle(j.t, j.db, "copy")
	var want strings.Builder
	for k := range min(3, j.sent) {
		c, s := 0, 0
		for i := k; i < j.sent; i += 3 {
			c, s = c+1, s+i
		}
		fmt.Fprintf(&want, "+1 %d %d %d\n", k, c, s)
	}
	equal(j.t, ask(j.t, j.db, "SELECT k, c, s FROM sums"), want.String())
	const written = "SELECT COUNT(*), COUNT(DISTINCT i), MAX(i) FROM o"
	whole := fmt.Sprintf("+1 %d %d %d\n", j.sent, j.sent, j.sent-1)
	got := ask(j.t, j.db, written)
	if j.cluster == nil { // Kafka says that a transaction has ended before all of it can be read
		for end := time.Now().Add(time.Minute); got != whole && time.Now().Before(end); {
			got = ask(j.t, j.db, written)
		}
	}
	equal(j.t, got, whole)
}

// after runs statements, and checks that what came of the failure is whole, goes on, and
// does so in the next process.
func (j *job) after(statements string) {
	j.t.Helper()
	exec(j.t, j.db, statements)
	j.whole()
	j.send(10)
	j.whole()
	j.open()
	j.send(10)
	j.whole()
}

// notices are what a database tells.
type notices struct {
	mu   sync.Mutex
	all  []string
	more chan struct{}
}

func (n *notices) add(text string) {
	n.mu.Lock()
	n.all = append(n.all, text)
	n.mu.Unlock()
	select {
	case n.more <- struct{}{}:
	default:
	}
}

func (n *notices) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = nil
}

// await waits for a notice with a text in it.
func (n *notices) await(t *testing.T, text string) {
	t.Helper()
	for {
		n.mu.Lock()
		all := strings.Join(n.all, "\n")
		n.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		select {
		case <-n.more:
		case <-t.Context().Done():
			t.Fatalf("no notice says %q:\n%s", text, all)
		}
	}
}

// A gate is what a broker listens behind. One that is shut lets nobody in, and whoever was
// inside is put out.
type gate struct {
	mu    sync.Mutex
	shut  bool
	conns []net.Conn
}

func (g *gate) listen(network, addr string) (net.Listener, error) {
	l, err := net.Listen(network, addr)
	return &gated{l, g}, err
}

func (g *gate) close(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

type gated struct {
	net.Listener
	g *gate
}

// Accept implements net.Listener.
func (l *gated) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.g.mu.Lock()
		if !l.g.shut {
			l.g.conns = append(l.g.conns, c)
			l.g.mu.Unlock()
			return c, nil
		}
		l.g.mu.Unlock()
		_ = c.Close()
	}
}

// request sends a request to the broker.
func request[R kmsg.Response](j *job, req kmsg.Request) R {
	j.t.Helper()
	resp, err := j.producer().Request(j.t.Context(), req)
	if err != nil {
		j.t.Fatal(err)
	}
	return resp.(R)
}

// A disk that is full, or that must only be read, ends the queries with the file and the
// reason; what they had shown stays, and when it can be written to again they go on.
func TestDiskThatTakesNothing(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		why  string
	}{
		{"full", syscall.ENOSPC, "no space left on device; make room there"},
		{"read-only", syscall.EROFS, "read-only file system; make it writable for this process"},
		{"somebody else's", syscall.EACCES, "permission denied; make it writable for this process"},
	} {
		for _, how := range []string{"resumed", "opened again"} {
			t.Run(c.what+" "+how, func(t *testing.T) {
				j := newJob(t)
				j.begin("")
				exec(t, j.db, "CREATE TABLE m (i BIGINT) WITH (connector = 'memory'); INSERT INTO m VALUES (1)")
				j.send(100)
				j.whole()
				j.disturb(writes(c.err))
				j.send(100)
				j.fails("copy", "keeping the state: state of flow … in dir: write dir/…: "+c.why+", then RESUME QUERY")
				j.fails("sums", "keeping the state: state of flow … in dir: write dir/…: "+c.why+", then RESUME QUERY")
				if shown := ask(t, j.db, "SHOW QUERIES"); strings.Count(shown, " FAILED ") != 2 || strings.Count(shown, c.why) != 2 {
					t.Errorf("SHOW QUERIES: %s", shown)
				}
				j.refused("CREATE VIEW v AS SELECT 1 AS one", "the change cannot be kept in dir/catalog: write dir/catalog…: "+c.why)
				j.refused("INSERT INTO m VALUES (2)", "…m: write dir/tables/…: "+c.why+"…")
				equal(t, ask(t, j.db, "SELECT COUNT(*) FROM o"), "+1 100\n")
				equal(t, ask(t, j.db, "SELECT i FROM m"), "+1 1\n")
				j.disturb(nil)
				if how == "opened again" {
					j.open()
				}
				j.after("RESUME QUERY copy; RESUME QUERY sums; CREATE VIEW v AS SELECT 1 AS one; INSERT INTO m VALUES (2)")
				equal(t, ask(t, j.db, "SELECT i FROM m"), "+1 1\n+1 2\n")
			})
		}
	}
}

// A directory that must not be written to is not opened, and the error does not speak of
// another process.
func TestDirectoryThatMustNotBeWrittenTo(t *testing.T) {
	j := newJob(t)
	j.ready()
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	for err, want := range map[error]string{
		syscall.EROFS:  "write dir/…: read-only file system; make it writable for this process",
		syscall.EACCES: "write dir/…: permission denied; make it writable for this process",
		syscall.ENOSPC: "write dir/…: no space left on device; make room there",
	} {
		j.disturb(writes(err))
		_, err := sqlstream.Open(t.Context(), sqlstream.WithDir("dir"), probe.On(j.fs).(sqlstream.Option))
		j.reads("Open", err, want)
	}
	j.disturb(nil)
	j.open()
	j.after("")
}

// A slow disk is waited for: nothing is shown meanwhile that a crash could take back, and
// what was shown can be asked for.
func TestSlowDisk(t *testing.T) {
	j := newJob(t)
	j.begin(", 'group.id' = 'lag'")
	j.send(100)
	j.whole()
	j.lag(100)
	held, waits := make(chan struct{}), make(chan struct{}, 1)
	j.disturb(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo {
			select {
			case waits <- struct{}{}:
			default:
			}
			<-held
		}
		return nil
	})
	j.send(100)
	<-waits
	equal(t, ask(t, j.db, "SELECT COUNT(*) FROM o"), "+1 100\n")
	equal(t, ask(t, j.db, "SELECT SUM(c) FROM sums"), "+1 100\n")
	j.lag(100)
	close(held)
	j.after("")
	j.lag(220)
}

// committed are the offsets of the consumer groups whose names begin so.
func (j *job) committed(prefix string) []kmsg.OffsetFetchResponseGroup {
	j.t.Helper()
	req := kmsg.NewPtrOffsetFetchRequest()
	for _, g := range request[*kmsg.ListGroupsResponse](j, kmsg.NewPtrListGroupsRequest()).Groups {
		if strings.HasPrefix(g.Group, prefix) {
			of := kmsg.NewOffsetFetchRequestGroup()
			of.Group = g.Group
			req.Groups = append(req.Groups, of)
		}
	}
	if len(req.Groups) == 0 {
		return nil
	}
	return request[*kmsg.OffsetFetchResponse](j, req).Groups
}

// lag waits until the consumer group of the table that is read is at an offset, beyond which
// it must not be.
func (j *job) lag(want int64) {
	j.t.Helper()
	for {
		at := int64(-1)
		for _, g := range j.committed("lag") {
			for _, topic := range g.Topics {
				at = topic.Partitions[0].Offset
			}
		}
		if at > want {
			j.t.Fatalf("the group is at %d, the query at %d", at, want)
		}
		if at == want {
			return
		}
	}
}

// A clock that is set forth or back, while the queries run or between two processes, changes
// nothing of what they give.
func TestClockJumps(t *testing.T) {
	j := newJob(t)
	var off atomic.Int64
	j.clock = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	j.begin("")
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{year, -10 * year, 20 * year, -11 * year} {
		for _, again := range []bool{false, true} {
			off.Add(int64(jump / 2))
			if again {
				j.open()
			}
			j.send(30)
			j.whole()
		}
	}
}

// A topic that was dropped and made again ends its queries at once or when they are to go on,
// and what they have written is still there. Made again they begin with the new topic.
func TestTopicMadeAgain(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		t.Run(fmt.Sprintf("stopped=%v", stopped), func(t *testing.T) {
			j := newJob(t)
			j.ready()
			if stopped {
				exec(t, j.db, "STOP QUERY copy; STOP QUERY sums")
			}
			deleteTopic(t, j.producer(), j.in)
			makeTopic(t, j.producer(), j.in)
			j.client = client(t, j.addr)
			produce(t, j.client, j.in, 1, 0, 30)
			if stopped {
				const want = "…table n: in/0 is another one than was read so far: it was deleted and made again; drop the query and create it again to start anew…"
				j.refused("RESUME QUERY copy", want)
				j.refused("RESUME QUERY sums", want)
			} else {
				const want = "table n: topic 'in' was dropped and made again while it was used; what had not been read of the old one is lost; drop the query and create it again to start anew"
				j.fails("copy", want)
				j.fails("sums", want)
			}
			j.open()
			exec(t, j.db, "DROP MATERIALIZED VIEW sums; DROP QUERY copy;"+theView+theQuery)
			settle(t, j.db, "sums")
			settle(t, j.db, "copy")
			equal(t, ask(t, j.db, "SELECT SUM(c) FROM sums"), "+1 30\n")
			equal(t, ask(t, j.db, "SELECT COUNT(*) FROM o"), "+1 130\n")
		})
	}
}

// Partitions that are added are read from their start, while the queries run and when they
// come back.
func TestPartitionsAdded(t *testing.T) {
	j := newJob(t)
	j.ready()
	for _, parts := range []int{2, 5, 6} {
		if parts == 5 {
			if err := j.db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		req := kmsg.NewPtrCreatePartitionsRequest()
		rt := kmsg.NewCreatePartitionsRequestTopic()
		rt.Topic, rt.Count = j.in, int32(parts)
		req.Topics, req.TimeoutMillis = append(req.Topics, rt), 10_000
		if code := request[*kmsg.CreatePartitionsResponse](j, req).Topics[0].ErrorCode; code != 0 {
			t.Fatal(kerr.ErrorForCode(code))
		}
		j.parts = parts
		j.client = client(t, j.addr)
		led(t, j.client, j.in, parts)
		j.send(50)
		if parts == 5 {
			j.open()
		}
		j.seen()
		j.whole()
	}
	j.after("")
}

// seen waits until the view has all that was sent: partitions are found after a while.
func (j *job) seen() {
	j.t.Helper()
	for want := fmt.Sprintf("+1 %d\n", j.sent); ask(j.t, j.db, "SELECT SUM(c) FROM sums") != want || ask(j.t, j.db, "SELECT COUNT(*) FROM o") != want; {
		if j.t.Context().Err() != nil {
			j.t.Fatal("new partitions are not read")
		}
	}
}

// Records that are gone before they were read end the queries, unless the table says that it
// goes on without them.
func TestRetentionPassesThePosition(t *testing.T) {
	j := newJob(t)
	j.ready()
	exec(t, j.db, "STOP QUERY copy; STOP QUERY sums")
	j.send(100)
	req := kmsg.NewPtrDeleteRecordsRequest()
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = j.in
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Offset = 130
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics, req.TimeoutMillis = append(req.Topics, rt), 10_000
	if code := request[*kmsg.DeleteRecordsResponse](j, req).Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatal(kerr.ErrorForCode(code))
	}
	const want = "…table n: in/0 begins at offset 130 by now, and was read up to 100: what lies between is gone, its retention has passed; set on_data_loss = 'skip' to go on without them, or drop the query and create it again to start anew…"
	j.refused("RESUME QUERY copy", want)
	j.refused("RESUME QUERY sums", want)
	exec(t, j.db, "CREATE OR REPLACE "+strings.TrimPrefix(j.table("n", j.in, "i BIGINT", ", 'on_data_loss' = 'skip'"), "CREATE ")+"RESUME QUERY copy; RESUME QUERY sums")
	for range 2 {
		settle(t, j.db, "copy")
		settle(t, j.db, "sums")
		equal(t, ask(t, j.db, "SELECT SUM(c) FROM sums"), "+1 170\n")
		equal(t, ask(t, j.db, "SELECT COUNT(*), COUNT(DISTINCT i) FROM o"), "+1 170 170\n")
		j.open()
	}
	j.said.await(t, "the records at offsets 100 to 129 are gone")
}

// A table may be replaced by one that gets at the same records in another way, and the
// queries over it go on; one of other records they do not take for it.
func TestTableGetsAtTheSameRecords(t *testing.T) {
	j := newJob(t)
	j.ready()
	replace := func(topic, columns, options string) string {
		return "STOP QUERY copy; STOP QUERY sums; CREATE OR REPLACE " + strings.TrimPrefix(j.table("n", topic, columns, options), "CREATE ")
	}
	exec(t, j.db, replace(j.in, "i BIGINT", ", 'kafka.client.id' = 'me', 'group.id' = 'lag'"))
	j.after("RESUME QUERY copy; RESUME QUERY sums")
	j.lag(int64(j.sent))
	for _, other := range []string{
		replace(j.out, "i BIGINT", ""),
		replace(j.in, "i BIGINT", ", 'isolation.level' = 'read_uncommitted'"),
		replace(j.in, "i BIGINT", ", 'on_error' = 'skip'"),
	} {
		exec(t, j.db, other)
		j.refused("RESUME QUERY sums", "…table n has changed since the query was created: it is another one of that name…")
		exec(t, j.db, "DROP MATERIALIZED VIEW sums; DROP QUERY copy;"+theView+theQuery)
	}
}

// With restart = 'on-failure' a query that fails for a reason that may pass begins again by
// itself, as often as it takes, and says so; the others go on meanwhile.
func TestRestartsByItself(t *testing.T) {
	j := newJob(t)
	exec(t, j.open(), "SET restart = 'on-failure'")
	exec(t, j.db, j.table("n", j.in, "i BIGINT", "")+j.table("o", j.out, "i BIGINT, pad VARCHAR", "")+theView+theQuery+other)
	j.send(100)
	j.whole()
	j.disturb(func(op errorfs.Op) error {
		if strings.Contains(op.Path, "/flows/") {
			return writes(syscall.ENOSPC)(op)
		}
		return nil
	})
	j.send(100)
	for _, q := range []string{"copy", "sums"} {
		j.said.await(t, "query "+q+" has failed and begins again in 1s: keeping the state: ")
	}
	j.said.await(t, "begins again in 2s: ")
	j.disturb(nil)
	for _, name := range []string{"copy", "sums"} {
		q, _ := queryNamed(j.db, name)
		for q.ProcessAllAvailable(t.Context()) != nil { // it is about to begin again
			if st, err := q.Status(); st != sqlstream.Running {
				t.Fatalf("%s is %v: %v", name, st, err)
			}
		}
	}
	j.after("")
	goesOn(t, j.db)
}

// A broker that refuses the login ends the queries that use it, at the start and when they
// log in again; others go on. With the right password they do, too.
func TestLoginRefused(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	write(t, password, "right\n")
	j := newJob(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "me", "right"))
	j.login = []kgo.Opt{kgo.SASL(plain.Auth{User: "me", Pass: "right"}.AsMechanism())}
	j.options = ", 'security.protocol' = 'SASL_PLAINTEXT', 'sasl.mechanism' = 'PLAIN', 'sasl.username' = 'me', 'sasl.password' = '${file:" + password + "}'"
	j.begin("")
	exec(t, j.db, other)
	j.send(100)
	j.whole()
	const want = "…the broker …log…; check sasl.mechanism, sasl.username and sasl.password…" // some close the connection
	var refuses atomic.Bool
	j.cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		j.cluster.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return resp, nil, refuses.Load()
	})
	refuses.Store(true)
	j.gate.close(false) // everybody comes back
	j.fails("copy", want)
	j.fails("sums", want)
	goesOn(t, j.db)
	j.open()
	goesOn(t, j.db)
	j.refused("RESUME QUERY copy", want)
	refuses.Store(false)
	exec(t, j.db, "RESUME QUERY copy; RESUME QUERY sums")
	j.send(10)
	j.whole()
	write(t, password, "wrong\n")
	j.open()
	j.fails("copy", want)
	j.fails("sums", want)
	goesOn(t, j.db)
	j.refused("RESUME QUERY copy", want)
	write(t, password, "right\n")
	j.after("RESUME QUERY copy; RESUME QUERY sums")
}

// other is a view that has nothing to do with any broker.
const other = "CREATE TABLE mine (i BIGINT) WITH (connector = 'memory'); CREATE MATERIALIZED VIEW alive AS SELECT COUNT(*) AS c FROM mine;"

// goesOn checks that this view follows its table.
func goesOn(t *testing.T, db *sqlstream.DB) {
	t.Helper()
	before := ask(t, db, "SELECT c + 1 FROM alive")
	exec(t, db, "INSERT INTO mine VALUES (1)")
	equal(t, ask(t, db, "SELECT c FROM alive"), before)
}

// A certificate that has expired ends the queries as a login does that is refused.
func TestCertificateExpires(t *testing.T) {
	good, old := certificate(t, time.Hour), certificate(t, -time.Hour)
	trusted := filepath.Join(t.TempDir(), "trusted.pem")
	var shown atomic.Pointer[tls.Certificate]
	shown.Store(&good)
	var text []byte
	for _, c := range []tls.Certificate{good, old} {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})...)
	}
	write(t, trusted, string(text))
	j := newJob(t, kfake.TLS(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }}))
	j.login = []kgo.Opt{kgo.DialTLSConfig(&tls.Config{InsecureSkipVerify: true})}
	j.options = ", 'security.protocol' = 'SSL', 'ssl.truststore.location' = '" + trusted + "'"
	j.begin("")
	exec(t, j.db, other)
	j.send(100)
	j.whole()
	shown.Store(&old)
	j.gate.close(false) // everybody comes back
	const want = "…no secure connection to the broker: …: x509: certificate has expired or is not yet valid: …; check security.protocol and the ssl.* options…"
	j.fails("copy", want)
	j.fails("sums", want)
	goesOn(t, j.db)
	j.open()
	goesOn(t, j.db)
	j.refused("RESUME QUERY copy", want)
	shown.Store(&good)
	j.after("RESUME QUERY copy; RESUME QUERY sums")
}

// certificate makes one of the machine that vouches for itself.
func certificate(t *testing.T, lasts time.Duration) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(int64(lasts)&0xffff + 1), Subject: pkix.Name{CommonName: lasts.String()}, NotAfter: time.Now().Add(lasts),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A record that is larger than its topic takes ends the query that writes it, and nothing of
// its epoch is seen. When the topic takes it the query goes on.
func TestRecordLargerThanTheTopicTakes(t *testing.T) {
	j := newJob(t)
	limit := func(bytes string) {
		t.Helper()
		req := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, j.out
		c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		c.Name, c.Value = "max.message.bytes", &bytes
		r.Configs = append(r.Configs, c)
		req.Resources = append(req.Resources, r)
		if code := request[*kmsg.IncrementalAlterConfigsResponse](j, req).Resources[0].ErrorCode; code != 0 {
			t.Fatal(kerr.ErrorForCode(code))
		}
	}
	limit("2000")
	j.ready()
	j.send(100)
	j.fails("copy", "…topic 'out': a record of … bytes is larger than the topic takes (max.message.bytes): …")
	equal(t, ask(t, j.db, "SELECT COUNT(*) FROM o WHERE i >= 150"), "+1 0\n")
	j.open()
	limit("1000000")
	j.after("RESUME QUERY copy")
}

// A broker that goes away is waited for by the queries that use it, and no others. One that
// is away when the directory is opened is waited for, and that can be given up.
func TestBrokerAway(t *testing.T) {
	j := newJob(t)
	j.begin("")
	exec(t, j.db, other)
	j.send(100)
	j.whole()
	j.gate.close(true)
	j.said.await(t, "does not answer")
	goesOn(t, j.db)
	j.gate.close(false)
	j.send(10)
	j.whole()
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	j.gate.close(true)
	j.said.forget()
	ctx, cancel := context.WithCancel(t.Context())
	opens := make(chan error)
	go func() {
		_, err := sqlstream.Open(ctx, sqlstream.WithDir("dir"), sqlstream.WithNotice(j.said.add), probe.On(j.fs).(sqlstream.Option))
		opens <- err
	}()
	j.said.await(t, "does not answer")
	cancel() // as ^C does
	if err := <-opens; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	j.said.forget()
	go func() {
		j.said.await(t, "does not answer")
		j.gate.close(false)
	}()
	j.open()
	j.after("")
	goesOn(t, j.db)
}

// A query whose marker Kafka has forgotten does not go on: whether its last epoch is there
// cannot be known.
func TestMarkerExpired(t *testing.T) {
	j := newJob(t)
	j.ready()
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	del := kmsg.NewPtrDeleteGroupsRequest()
	for _, g := range j.committed("sqlstream-") {
		del.Groups = append(del.Groups, g.Group)
	}
	if got := request[*kmsg.DeleteGroupsResponse](j, del).Groups; len(got) != 1 || got[0].ErrorCode != 0 {
		t.Fatalf("%v", got)
	}
	j.open()
	j.fails("copy", "…the marker of epoch … is no longer in consumer group …")
	j.send(10)
	settle(t, j.db, "sums")
	equal(t, ask(t, j.db, "SELECT SUM(c) FROM sums"), "+1 110\n")
	exec(t, j.db, "DROP QUERY copy;"+theQuery)
	settle(t, j.db, "copy")
	equal(t, ask(t, j.db, "SELECT COUNT(*) - 100, COUNT(DISTINCT i) FROM o"), "+1 110 110\n")
}

// An older copy of a directory does not write again what is there. With the newest one in
// its place the query goes on.
func TestOldBackup(t *testing.T) {
	j := newJob(t)
	j.ready()
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	backup := j.mem.CrashClone(vfs.CrashCloneCfg{})
	j.open()
	for range 3 {
		j.send(10)
		j.whole()
	}
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	newest := j.mem
	j.lies(backup)
	j.open()
	j.fails("copy", "…the cluster has the output of epoch … of this query, and the directory knows only …: an older copy of the directory…")
	settle(t, j.db, "sums")
	equal(t, ask(t, j.db, "SELECT SUM(c) FROM sums"), "+1 130\n")
	equal(t, ask(t, j.db, "SELECT COUNT(*) FROM o"), "+1 130\n")
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	j.lies(newest)
	j.open()
	j.after("")
}

// A cluster that knows less than the directory, since it was put back to an earlier state, is
// not written to as if nothing had happened.
func TestClusterPutBack(t *testing.T) {
	j := newJob(t)
	j.ready()
	was := j.committed("sqlstream-")
	j.send(10)
	j.whole()
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, g := range was {
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Group = g.Group
		for _, topic := range g.Topics {
			rt := kmsg.NewOffsetCommitRequestTopic()
			rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				rp := kmsg.NewOffsetCommitRequestTopicPartition()
				rp.Partition, rp.Offset, rp.Metadata = p.Partition, p.Offset, p.Metadata
				rt.Partitions = append(rt.Partitions, rp)
			}
			req.Topics = append(req.Topics, rt)
		}
		for _, topic := range request[*kmsg.OffsetCommitResponse](j, req).Topics {
			if code := topic.Partitions[0].ErrorCode; code != 0 {
				t.Fatal(kerr.ErrorForCode(code))
			}
		}
	}
	j.open()
	j.fails("copy", "…the cluster has the output of this query up to epoch …, and the directory knows of …: this is another cluster…")
	settle(t, j.db, "sums")
	equal(t, ask(t, j.db, "SELECT SUM(c) FROM sums"), "+1 110\n")
}

// A user without the rights that transactions need is told so by the statement, and has
// nothing that is half made.
func TestTransactionalIDRefused(t *testing.T) {
	j := newJob(t)
	fault := j.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.TransactionalIDAuthorizationFailed, Count: -1})
	exec(t, j.open(), j.table("n", j.in, "i BIGINT", "")+j.table("o", j.out, "i BIGINT, pad VARCHAR", "")+theView)
	j.refused(theQuery, "…exactly once needs the rights Write and Describe on transactional ids that begin with 'sqlstream'…")
	fault.Remove()
	exec(t, j.db, theQuery)
	j.send(100)
	j.after("")
}

// A copy of the directory in another process takes over: the first one learns it, and what
// both have written is there once.
func TestSecondProcessTakesOver(t *testing.T) {
	j := newJobOn(t, kafkatest.Broker(t))
	j.ready()
	first := j.db
	j.disk.db = nil
	j.lies(j.mem.CrashClone(vfs.CrashCloneCfg{}))
	j.open()
	j.whole()
	j.send(10)
	j.whole()
	second := j.db
	j.db = first
	j.fails("copy", "…another process has taken over this query…")
	j.db = second
	j.after("")
}

// Who refers to a value of the environment does not find it in what is said, be it a secret
// or not: the reference stands there.
func TestReferredValuesAreNotSaid(t *testing.T) {
	j := newJob(t)
	t.Setenv("SQLSTREAM_TEST_IN", j.in+"-hunter2")
	t.Setenv("SQLSTREAM_TEST_OUT", j.out+"-hunter2")
	t.Setenv("SQLSTREAM_TEST_BROKER", j.addr)
	j.in, j.out = "in-hunter2", "out-hunter2"
	makeTopic(t, j.producer(), j.in)
	makeTopic(t, j.producer(), j.out)
	t.Setenv("SQLSTREAM_TEST_DEAD", "dead-hunter2")
	makeTopic(t, j.producer(), "dead-hunter2")
	j.client = client(t, j.addr)
	db := j.open()
	table := func(name, topic, columns, options string) string {
		return strings.NewReplacer(j.addr, "${env:SQLSTREAM_TEST_BROKER}", "TOPIC", "${env:SQLSTREAM_TEST_"+topic+"}").Replace(j.table(name, "TOPIC", columns, options))
	}
	exec(t, db, table("n", "IN", "i BIGINT", ", 'on_error' = 'dead_letter', 'dead_letter' = '${env:SQLSTREAM_TEST_DEAD}'")+table("o", "OUT", "i BIGINT, pad VARCHAR", "")+theView+theQuery)
	j.send(100)
	j.client.ProduceSync(t.Context(), &kgo.Record{Topic: j.in, Value: []byte("no JSON")})
	j.whole()
	var said strings.Builder
	run := func(statements ...string) {
		for _, s := range statements {
			rows, err := j.db.Query(t.Context(), s)
			if err == nil {
				for b, failed := range rows.Batches() {
					err = failed
					fmt.Fprintln(&said, b)
				}
			}
			fmt.Fprintln(&said, err)
		}
	}
	shows := []string{"SHOW CREATE TABLE n", "DESCRIBE n", "EXPLAIN SELECT * FROM n", "EXPLAIN INSERT INTO o SELECT i, '' FROM n EMIT", "SHOW QUERIES", "SHOW STATE", "SHOW WATERMARKS", "SHOW TABLES"}
	run(shows...)
	j.gate.close(true)
	j.said.await(t, "Kafka at ${env:SQLSTREAM_TEST_BROKER} does not answer")
	j.gate.close(false)
	j.send(10)
	j.whole()
	for _, topic := range []string{j.in, j.out, "dead-hunter2"} {
		deleteTopic(t, j.producer(), topic)
		makeTopic(t, j.producer(), topic)
		j.client = client(t, j.addr)
	}
	produce(t, j.client, j.in, 1, 0, 5)
	for _, name := range []string{"copy", "sums"} {
		q, _ := queryNamed(j.db, name)
		fmt.Fprintln(&said, q.Wait(t.Context()))
		fmt.Fprintln(&said, j.db.Exec(t.Context(), "RESUME QUERY "+name))
	}
	run(shows...)
	deleteTopic(t, j.producer(), j.in)
	deleteTopic(t, j.producer(), j.out)
	deleteTopic(t, j.producer(), "dead-hunter2")
	j.open()
	run(append(shows, "SELECT COUNT(*) FROM n")...)
	fmt.Fprintln(&said, j.db.Exec(t.Context(), "INSERT INTO o VALUES (1, '')"))
	fmt.Fprintln(&said, j.db.Exec(t.Context(), table("p", "IN", "i BIGINT", "")+"CREATE MATERIALIZED VIEW w AS SELECT i FROM p"))
	all := said.String() + strings.Join(j.said.all, "\n")
	for line := range strings.Lines(all) {
		if strings.Contains(line, "hunter2") || strings.Contains(line, j.addr) {
			t.Errorf("it is said: %s", line)
		}
	}
	if n := strings.Count(all, "${env:SQLSTREAM_TEST_IN}"); n < 5 {
		t.Errorf("the reference is said %d times:\n%s", n, all)
	}
}
