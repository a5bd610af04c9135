package mysqltest_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/internal/mysqltest"
)

var rewrite = flag.Bool("rewrite", false, "write what differs from the recording into it, with ? for the reason where none is plain")

// Each expression has the value that MySQL gives it, or another one for a reason that the
// recording names.
func TestRecording(t *testing.T) {
	reasons := reasons(t)
	paths, err := filepath.Glob(mysqltest.Path(mysqltest.Dir, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no recording", err)
	}
	agree, differ := 0, map[string]int{}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".test"), func(t *testing.T) {
			r, err := mysqltest.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range r.Lines {
				v, err := mysqltest.Evaluate(l.Expr)
				if err != nil {
					t.Error(err)
				}
				if *rewrite {
					l = l.Judged(v)
					r.Lines[i] = l
				} else {
					check(t, l, v)
				}
				if l.Reason != "" {
					differ[l.Reason]++
					if !slices.Contains(reasons, l.Reason) {
						t.Errorf("%s\nREADME.md does not explain this reason", l)
					}
				} else {
					agree++
				}
			}
			if *rewrite {
				if err := r.Write(path); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	t.Logf("%d expressions agree; others by reason: %v", agree, differ)
}

func check(t *testing.T, l mysqltest.Line, v mysqltest.Verdict) {
	t.Helper()
	agrees := v.Agrees(l.Answer)
	switch {
	case l.Reason == "" && !agrees:
		t.Errorf("%s\n\tis here %s %s (%v)", l, v.Text, v.Type, v.Err)
	case l.Reason != "" && agrees:
		t.Errorf("%s\n\tis no difference any more", l)
	case l.Reason != "" && v.Text != l.Ours:
		t.Errorf("%s\n\tis here %s %s (%v)", l, v.Text, v.Type, v.Err)
	}
}

// reasons are the codes that README.md explains.
func reasons(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(mysqltest.Dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}
