package kafkatest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Version is the Apache Kafka that is run.
const Version = "4.3.0"

// ErrMissing marks a machine that cannot run Kafka as it is. The error that wraps
// it is one line which says what to install.
var ErrMissing = errors.New("real Kafka cannot run here")

//go:embed pom.xml
var pom []byte

// kit is what it takes to run one of Kafka's programs.
type kit struct{ java, jars string }

// Fetch gets what Kafka needs to run, so that a start takes no time for it. The
// others do it by themselves.
func Fetch(ctx context.Context) error {
	_, err := install(ctx)
	return err
}

// install returns the kit, with Kafka's jars fetched through Maven the first time.
// Processes that ask at once share one fetch. Maven is not needed afterwards.
func install(ctx context.Context) (kit, error) {
	java, err := find("java", "JAVA_HOME")
	if err != nil {
		return kit{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return kit{}, fmt.Errorf("no place to keep Kafka's jars: %w", err)
	}
	k := kit{java, filepath.Join(cache, "sqlstream", "kafka-"+Version)}
	if k.fetched() {
		return k, nil
	}
	mvn, err := find("mvn", "MAVEN_HOME")
	if err != nil {
		return kit{}, err
	}
	if err := os.MkdirAll(filepath.Dir(k.jars), 0o755); err != nil {
		return kit{}, err
	}
	lock, err := waitLock(ctx, k.jars+".lock")
	if err != nil {
		return kit{}, fmt.Errorf("wait for another process to fetch Kafka: %w", err)
	}
	defer lock.Close()
	if k.fetched() {
		return k, nil
	}
	return k, k.fetch(ctx, mvn)
}

// fetched reports whether the jars of this very pom.xml are there: fetch puts it
// among them, and all of them in place at once.
func (k kit) fetched() bool {
	have, err := os.ReadFile(filepath.Join(k.jars, "pom.xml"))
	return err == nil && bytes.Equal(have, pom)
}

func (k kit) fetch(ctx context.Context, mvn string) error {
	part := k.jars + ".part"
	if err := errors.Join(os.RemoveAll(part), os.Mkdir(part, 0o755)); err != nil {
		return err
	}
	at := filepath.Join(part, "pom.xml")
	if err := os.WriteFile(at, pom, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, mvn, "--quiet", "--batch-mode", "--strict-checksums", "-Dstyle.color=never",
		"-f", at, "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies", "-DoutputDirectory="+part)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch Kafka %s with Maven: %w\n%s", Version, err, head(string(out), 5))
	}
	return errors.Join(os.RemoveAll(k.jars), os.Rename(part, k.jars))
}

// command returns one of Kafka's programs with its arguments, ready to run. The
// switches trade its top speed, which no test needs, for its start.
func (k kit) command(logLevel, class string, args ...string) []string {
	return append([]string{
		k.java, "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=" + logLevel,
		"-cp", filepath.Join(k.jars, "*"), class,
	}, args...)
}

// find returns a program below the directory that the environment variable home
// names, or else on the PATH.
func find(name, home string) (string, error) {
	if !supported {
		return "", fmt.Errorf("%w: its processes are kept in order by means of Unix; use Linux or macOS, or set %s to the address of a broker", ErrMissing, Env)
	}
	if dir := os.Getenv(home); dir != "" {
		if path, err := exec.LookPath(filepath.Join(dir, "bin", name)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: there is no %s; install Java 17 or later and Maven (Debian: apt-get install default-jre-headless maven; macOS: brew install openjdk maven), or set %s to the address of a broker", ErrMissing, name, Env)
	}
	return path, nil
}

// waitLock returns the locked file at path once nobody else has it.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	var lock *os.File
	err := poll(ctx, func() (bool, error) {
		var err error
		lock, err = tryLock(path)
		return lock != nil, err
	})
	return lock, err
}

// poll calls done until it is true or in error, or until ctx ends.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// head returns the first n lines of text, in which programs say what is wrong.
func head(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[:min(len(lines), n)], "\n")
}
