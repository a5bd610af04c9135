package confine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sqlstream/sqlstream/internal/confine"
)

// A name is judged by where it leads, whether it exists or not.
func TestNamesAreFollowed(t *testing.T) {
	base := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"in/deep", "in-too", "out/deep"} {
		must(os.MkdirAll(filepath.Join(base, dir), 0o700))
	}
	for link, to := range map[string]string{
		"in/away": filepath.Join(base, "out"), "in/up": "..", "in/dangling": "../out/nothing", "in/home": "deep",
		"in/absolute": filepath.Join(base, "in/deep"), "out/back": "../in", "in/loop": "loop", "in/sly": "away/../in-too",
	} {
		must(os.Symlink(to, filepath.Join(base, link)))
	}
	dirs, err := confine.New(filepath.Join(base, "in"))
	must(err)
	t.Chdir(filepath.Join(base, "in"))
	for _, name := range []string{
		".", "deep", "deep/new.json", "new", "new/newer/x", base + "/in", base + "/in/", base + "//in/./x", "deep/../x",
		"home/x", "home/../x", "absolute/x", "../in/x", base + "/out/back/x", "deep/*.json",
	} {
		if err := dirs.Check(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"..", "/", "/etc/passwd", "../in-too", "../in-too/x", "../out/x", "away", "away/x", "up/x", "dangling", "sly",
		"away/../x", // beside out, whatever it looks like
		base + "/in/../out", "deep/../../out/x", "up/up",
	} {
		var outside *confine.Outside
		if err := dirs.Check(name); !errors.As(err, &outside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "loop", "new/../x", "*/../../out/x"} {
		if err := dirs.Check(name); err == nil {
			t.Errorf("%s is allowed", name)
		}
	}
}

// Directories must be there; without any there is no rule.
func TestDirectoriesExist(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", file, file + "-none"} {
		if _, err := confine.New(name); err == nil {
			t.Errorf("'%s' is a directory", name)
		}
	}
	none, err := confine.New()
	if err != nil || none.Check("/etc/passwd") != nil {
		t.Error("without directories something is refused")
	}
	all, err := confine.New("/")
	if err != nil || all.Check("/etc/passwd") != nil {
		t.Error("below / something is refused")
	}
}
