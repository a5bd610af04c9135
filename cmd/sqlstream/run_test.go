package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// started starts a process, and returns what it prints.
func started(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended already where all went well
	return bufio.NewReader(pipe)
}

// runUntilRow starts run and returns when it has printed a row, whole lines before it
// included.
func runUntilRow(t *testing.T, text string) (cmd *exec.Cmd, out *bufio.Reader, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command("sqlstream", "run", "-e", text)
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	out = started(t, cmd)
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatalf("no row: %v; %s", err, stderr)
	}
	return cmd, out, stderr
}

const madeNumbers = `
	CREATE TABLE n (v BIGINT) WITH (connector = 'datagen', 'rows.per.second' = '50', 'fields.v.kind' = 'sequence');
	CREATE TABLE gone (v BIGINT) WITH (connector = 'discard');
	CREATE MATERIALIZED VIEW odd AS SELECT v FROM n WHERE v % 2 = 1;
	INSERT INTO gone SELECT v FROM odd EMIT;
	SELECT v FROM n EMIT;`

// ^C and SIGTERM end the queries after their epoch, readers before what they read; what
// was put out is printed, what was done is said, and that is a success.
func TestRunStops(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd, out, stderr := runUntilRow(t, madeNumbers)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		rows := 1
		for {
			line, err := out.ReadString('\n')
			if err != nil {
				break
			}
			if !strings.HasSuffix(line, "}\n") {
				t.Errorf("%v: half a row: %q", sig, line)
			}
			rows++
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v; %s", sig, err, stderr)
		}
		for _, want := range []string{
			`(?m)^gone stopped at the end of epoch \d+: [\d,]+ rows? in, [\d,]+ out$`,
			`(?m)^odd stopped at the end of epoch \d+: [\d,]+ rows? in$`,
			`(?m)^select_\d+ stopped at the end of epoch \d+: [\d,]+ rows? in$`,
		} {
			if !regexp.MustCompile(want).MatchString(stderr.String()) {
				t.Errorf("%v: standard error has no %s:\n%s", sig, want, stderr)
			}
		}
	}
}

// What SIGTERM or ^C ends has a checkpoint of its last epoch: the next process goes on behind it.
func TestRunGoesOnBehindItsLastEpoch(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		dir := t.TempDir()
		cmd := exec.Command("sqlstream", "run", "--dir", dir, "-e", "SET checkpoint_interval = '1 hour';"+madeNumbers)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if _, err := started(t, cmd).ReadString('\n'); err != nil {
			t.Fatalf("no row: %v; %s", err, &stderr)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v: %v; %s", sig, err, &stderr)
		}
		ended := regexp.MustCompile(`(?m)^odd stopped at the end of (epoch \d+): `).FindStringSubmatch(stderr.String())
		out, err := exec.Command("sqlstream", "run", "--dir", dir, "-e", "STOP QUERY gone").CombinedOutput()
		if err != nil || ended == nil || !strings.Contains(string(out), "query odd goes on behind "+ended[1]+"\n") {
			t.Errorf("%v: %v\n%s\nafter\n%s", sig, err, out, &stderr)
		}
	}
}

// A bounded statement that ^C cuts short has failed.
func TestRunIsInterrupted(t *testing.T) {
	cmd, _, stderr := runUntilRow(t, `SELECT 1 AS first; CREATE TABLE big (v BIGINT)
		WITH (connector = 'datagen', 'rows.per.second' = '0', 'number.of.rows' = '100000000000');
		SELECT COUNT(*) FROM big; SELECT 2 AS never`)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || stderr.String() != "interrupted\n" {
		t.Errorf("%v, status %d: %s", err, code, stderr)
	}
}

// waits is a process that says when it was interrupted, and then does not end by
// itself, like a query whose epoch hangs on a broker that is away.
func waits() {
	ctx, stop := interruptible(context.Background())
	defer stop()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("ending")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// The second ^C or SIGTERM ends the process at once, whatever it waits for. That nothing is
// lost by it is what the tests of SIGKILL show.
func TestTheSecondInterruptEndsAtOnce(t *testing.T) {
	for _, signals := range [][2]syscall.Signal{
		{syscall.SIGINT, syscall.SIGINT}, {syscall.SIGTERM, syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGTERM}, {syscall.SIGTERM, syscall.SIGINT},
	} {
		cmd := exec.Command("interrupted")
		in, err := cmd.StdinPipe() // stays open
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		out := started(t, cmd)
		for i, want := range []string{"ready\n", "ending\n"} {
			if got, err := out.ReadString('\n'); got != want {
				t.Fatalf("%v: got %q, %v", signals, got, err)
			}
			if err := cmd.Process.Signal(signals[i]); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait() // how it ended is looked at
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != signals[1] {
			t.Errorf("%v: %v", signals, cmd.ProcessState)
		}
	}
}
