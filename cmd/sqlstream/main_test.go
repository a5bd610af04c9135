package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sqlstream/sqlstream/internal/broker"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sqlstream": main, "interrupted": waits})
}

// The scripts in testdata/cli are the command line's specification.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/cli",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			b, err := broker.Start(broker.Options{Listen: "127.0.0.1:0", AutoCreate: true})
			if err != nil {
				return err
			}
			env.Defer(b.Close)
			env.Setenv("BROKER", b.Addr())
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "envsubst": envsubst,
		},
	})
}

// envsubst puts the environment's values into a file: envsubst FILE.
func envsubst(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: envsubst FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// The demonstration runs the very files that stand in examples/tweets.
func TestDemoIsTheExample(t *testing.T) {
	for _, name := range []string{"tables.sql", "queries.sql", "fake.sql"} {
		want, err := os.ReadFile("../../examples/tweets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := demoFiles.ReadFile("demo/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("demo/%[1]s is not examples/tweets/%[1]s", name)
		}
	}
}

// exits runs a command that must end with a status: exits STATUS COMMAND [ARGUMENT …].
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARGUMENT …]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, not %d", got, want)
	}
}
