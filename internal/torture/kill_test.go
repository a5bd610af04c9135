package torture_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

var (
	kills       = flag.Int("kills", 25, "how often the process is killed")
	brokerKills = flag.Int("broker-kills", 2, "how often Kafka is killed while an epoch ends")
	seed        = flag.Uint64("seed", 0, "of the moments; 0 for one of the clock")
)

// A killer runs a program again and again, and kills it and Kafka meanwhile.
type killer struct {
	t      *testing.T
	server *kafkatest.Server
	rng    *rand.Rand
	run    func(ctx context.Context) *exec.Cmd // one life of the program; it prints "done" when it has nothing left to do
	points []string                            // where it can be told to die
	more   func()                              // gives the program more to do

	kills, brokerKills int // how often the program and Kafka are killed

	mu    sync.Mutex
	seen  map[string]int // what happened, by its name
	last  []string       // the last lines that it said
	ended bool           // it has said "done"
}

// newKiller starts a Kafka of its own.
func newKiller(t *testing.T, points []string) *killer {
	t.Helper()
	kafkatest.Broker(t) // skips where Kafka cannot run
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	server, err := kafkatest.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return &killer{t: t, server: server, rng: rand.New(rand.NewPCG(*seed, 0)), points: points, seen: map[string]int{}, kills: *kills, brokerKills: *brokerKills}
}

// build compiles a program with fault points.
func build(t *testing.T, pkg string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command("go", "build", "-tags", "faultpoint", "-o", bin, pkg).CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// loop runs the program until it was killed often enough and has nothing left to do.
func (k *killer) loop() {
	k.t.Helper()
	for n := 0; ; n++ {
		died, broken := k.seen["killed"], k.seen["broker killed"]
		if k.ended && died >= k.kills && broken >= k.brokerKills {
			k.round("", 0) // it begins by waiting until what was committed last can be read
			return
		}
		if n > 5*k.kills+10*k.brokerKills+50 {
			k.t.Fatalf("too many rounds: %v", k.seen)
		}
		if k.ended {
			k.more()
		}
		switch left := k.brokerKills - broken; {
		case left > 0 && (died >= k.kills || k.rng.IntN(max(1, (k.kills-died)/left)) == 0):
			k.round(k.aroundEnd(), 0)
		case died >= k.kills:
			k.round("", 0)
		case k.rng.IntN(4) == 0:
			k.round("", time.Duration(1+k.rng.IntN(400))*time.Millisecond)
		default:
			action := []string{"die", "soon"}[k.rng.IntN(2)]
			k.round(fmt.Sprintf("%s:%d:%s", k.points[k.rng.IntN(len(k.points))], 1+k.rng.IntN(6), action), 0)
		}
	}
}

// aroundEnd has Kafka killed while the end of an epoch is on its way, or when it has answered
// and may not have told the partitions yet, and the program in the epoch after it, whose abort
// must not take the one before with it, or while it mends.
func (k *killer) aroundEnd() string {
	n := 1 + k.rng.IntN(2)
	order := fmt.Sprintf("%s:%d:say", []string{"txn-ending", "txn-ended"}[k.rng.IntN(2)], n)
	switch k.rng.IntN(4) {
	case 0:
		order += fmt.Sprintf(",txn-produced:%d:die", n+1)
	case 1:
		order += ",txn-mending:1:die"
	case 2:
		order += ",txn-mended:1:die"
	}
	return order
}

// lifetime bounds a life in which nothing is to be waited for but a Kafka that starts.
const lifetime = 2 * time.Minute

// round is one life of the program.
func (k *killer) round(orders string, after time.Duration) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), lifetime)
	defer cancel()
	k.ended, k.last = false, nil
	cmd := k.run(ctx)
	cmd.Env = append(os.Environ(), "SQLSTREAM_FAULTPOINT="+orders)
	out, err := cmd.StdoutPipe()
	errs, err2 := cmd.StderrPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		k.t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	var readers sync.WaitGroup
	for _, pipe := range []io.Reader{out, errs} {
		readers.Go(func() {
			for lines := bufio.NewScanner(pipe); lines.Scan(); {
				k.hear(lines.Text())
			}
		})
	}
	readers.Wait()
	err = cmd.Wait()
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		k.t.Fatalf("with %q it did not end in %s: %q", orders, lifetime, k.last)
	case cmd.ProcessState.ExitCode() != -1:
		k.t.Fatalf("with %q it ended with %v: %q", orders, err, k.last)
	}
	k.seen["killed"]++
	where, _, _ := strings.Cut(orders[strings.LastIndexByte(orders, ',')+1:], ":")
	if where == "" {
		where = "at some moment"
	}
	k.seen["killed "+where]++
}

// hear takes in a line that the program says.
func (k *killer) hear(line string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = append(k.last, line)
	if len(k.last) > 20 {
		k.last = k.last[1:]
	}
	word, _, _ := strings.Cut(line, " ")
	switch {
	case word == "done":
		k.ended = true
	case word == "recovered":
		k.seen[line]++
	case line == "faultpoint txn-ending":
		time.Sleep(time.Duration(k.rng.IntN(12_000)) * time.Microsecond) // the moment to hit is then
		k.killBroker("while an epoch ends")
	case line == "faultpoint txn-ended":
		time.Sleep(time.Duration(k.rng.IntN(2_000)) * time.Microsecond)
		k.killBroker("when it has ended")
	case strings.Contains(line, "has lost the end"):
		k.seen["mended"]++
	}
}

// killBroker kills Kafka and starts it again.
func (k *killer) killBroker(when string) {
	k.server.Kill()
	k.seen["broker killed"]++
	k.seen["broker killed "+when]++
	if err := k.server.Restart(k.t.Context()); err != nil {
		k.t.Error(err)
	}
}

// report prints what happened. Kafka notes in its log that it gives up the end of a transaction
// in partitions that have no leader yet; each time several may be named together.
func (k *killer) report() {
	k.t.Helper()
	log, err := os.ReadFile(k.server.Log())
	if err != nil {
		k.t.Error(err)
	}
	k.seen["ends lost"] = bytes.Count(log, []byte("Couldn't find leader endpoint for partitions"))
	var text []string
	for what, n := range k.seen {
		text = append(text, fmt.Sprintf("%s %d", what, n))
	}
	slices.Sort(text)
	k.t.Log(strings.Join(text, ", "))
}
