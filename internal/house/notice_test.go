package house

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// NOTICE names every module that is linked into the binary on any system we build
// for, and no other.
func TestHouseNoticeNamesTheModulesLinkedIn(t *testing.T) {
	// Read here, so that a cached result does not outlive a change of it.
	if _, err := os.ReadFile(root + "/go.mod"); err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile(root + "/NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for line := range strings.Lines(string(notice)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "  ") && strings.Contains(f[0], ".") && strings.Contains(f[0], "/") && !strings.HasPrefix(f[0], "(") {
			named = append(named, f[0])
		}
	}
	linked := map[string]bool{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/sqlstream")
		list.Dir = root
		list.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range strings.Fields(string(out)) {
			linked[module] = module != "github.com/sqlstream/sqlstream"
		}
	}
	for module, others := range linked {
		if others && !slices.Contains(named, module) {
			t.Errorf("NOTICE does not name %s", module)
		}
	}
	for _, module := range named {
		if !linked[module] {
			t.Errorf("NOTICE names %s, which is not linked in", module)
		}
	}
}
