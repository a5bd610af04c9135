package file

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
)

// The size of a table of files is guessed from theirs.
func TestSize(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.json"), strings.Repeat("x", 1000))
	write(t, filepath.Join(dir, "b.json"), strings.Repeat("x", 550))
	for _, c := range []struct {
		options []string
		want    int64
	}{
		{[]string{"path", dir}, 16},
		{[]string{"path", filepath.Join(dir, "a*")}, 10},
		{[]string{"path", dir, "scan.startup", "latest"}, 0},
	} {
		if n, err := estimate(t.Context(), table(c.options...), connectors.Env{}); err != nil || n != c.want {
			t.Errorf("%v: %d rows, %v; want %d", c.options, n, err, c.want)
		}
	}
	if _, err := estimate(t.Context(), table("path", filepath.Join(dir, "none")), connectors.Env{}); err == nil {
		t.Error("a file that is not there has a size")
	}
}
