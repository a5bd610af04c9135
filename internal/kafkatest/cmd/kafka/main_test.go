package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kafka": main})
}

func scripts(t *testing.T, dir string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", dir),
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", cache) // not to fetch Kafka for each script
			e.Setenv("HOME", os.Getenv("HOME"))
			e.Setenv("JAVA_HOME", os.Getenv("JAVA_HOME"))
			e.Setenv("BIN", filepath.SplitList(e.Getenv("PATH"))[0]) // has only the command
			return nil
		},
	})
}

// With Java and Maven the command runs Kafka.
func TestKafka(t *testing.T) {
	err := kafkatest.Fetch(t.Context())
	if errors.Is(err, kafkatest.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	scripts(t, "kafka")
}

// Without them, or used wrongly, it says what to do.
func TestNoKafka(t *testing.T) { scripts(t, "none") }
