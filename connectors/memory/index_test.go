package memory_test

import (
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/memory"
	"github.com/sqlstream/sqlstream/zset"
)

// keyed is people with a PRIMARY KEY.
func keyed() *connectors.Table {
	t := people()
	t.PrimaryKey = []int{0}
	return t
}

// prepare gives a sink an epoch up to Prepare and returns what that says.
func (d door) prepare(t *testing.T, s connectors.Sink, rows string) string {
	t.Helper()
	b, err := zset.Parse(d.tab.Schema(), rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prepare(t.Context()); err != nil {
		return err.Error()
	}
	return ""
}

// An epoch is refused as a whole where it leaves two rows of a key, or takes back a
// row that is not there; net changes count, not their order.
func TestRefused(t *testing.T) {
	const there = "1 ann\n2 bob"
	for _, c := range []struct{ change, want string }{
		{"3 cyd", ""},
		{"3 cyd\n1 eve", "two rows would have id = 1, the PRIMARY KEY"},
		{"3 cyd\n3 cyd", "two rows would have id = 3, the PRIMARY KEY"},
		{"+2 3 cyd", "two rows would have id = 3, the PRIMARY KEY"},
		{"+1 1 eve\n-1 1 ann", ""},
		{"-1 1 ann", ""},
		{"-1 1 eve", "there is no such row to take back: -1 1 eve"},
		{"-1 3 cyd", "there is no such row to take back: -1 3 cyd"},
		{"-2 1 ann", "there is no such row to take back: -2 1 ann"},
		{"+1 3 cyd\n-1 3 cyd", ""},
	} {
		d := door{memory.New(), keyed()}
		s := d.sink(t, connectors.Update)
		d.write(t, s, 1, there)
		before := d.log(t, 0, 1).Len
		if got := d.prepare(t, s, c.change); got != c.want {
			t.Errorf("%q: %q, want %q", c.change, got, c.want)
		}
		if got := d.log(t, 0, 1).Len; got != before {
			t.Errorf("%q was seen before Commit", c.change)
		}
		if c.want != "" { // and nothing of it is held
			d.write(t, s, 2, "3 cyd\n-1 1 ann")
		}
	}
}

// A key that one sink has prepared cannot be taken by another, and is free again when
// the first gives up.
func TestReserved(t *testing.T) {
	d := door{memory.New(), keyed()}
	one, two := d.sink(t, connectors.Update), d.sink(t, connectors.Update)
	if got := d.prepare(t, one, "1 ann"); got != "" {
		t.Fatal(got)
	}
	if got := d.prepare(t, two, "1 bob"); !strings.Contains(got, "id = 1") {
		t.Errorf("got %q", got)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	d.write(t, two, 1, "1 bob")
	if got := d.log(t, 0, 1).String(); got != "+1 1 bob\n" {
		t.Errorf("got %s", got)
	}
}

// NOT ENFORCED leaves keys to the user, but not what is taken back.
func TestNotEnforced(t *testing.T) {
	d := door{memory.New(), keyed()}
	d.tab.NotEnforced = true
	s := d.sink(t, connectors.Update)
	d.write(t, s, 1, "1 ann\n1 bob")
	if got := d.prepare(t, s, "-1 1 cyd"); got == "" {
		t.Error("a row that is not there was taken back")
	}
}

// A table that is only added to takes no row back, and no mode that would.
func TestAppendOnly(t *testing.T) {
	d := door{memory.New(), people()}
	d.tab.Options = connectors.Options{"append.only": "true"}
	s := d.sink(t, connectors.Append)
	d.write(t, s, 1, "1 ann")
	if got := d.prepare(t, s, "-1 1 ann"); !strings.Contains(got, "append.only") {
		t.Errorf("got %q", got)
	}
	check := d.c.Modes(d.tab)
	for m, ok := range map[connectors.Mode]bool{connectors.Append: true, connectors.Update: false, connectors.Complete: false} {
		if err := check(m); (err == nil) != ok {
			t.Errorf("mode %s: %v", m, err)
		}
	}
}

// What is taken back comes before what is added, so that a reader which stops in
// between never sees a key twice.
func TestGoneFirst(t *testing.T) {
	d := door{memory.New(), keyed()}
	s := d.sink(t, connectors.Update)
	d.write(t, s, 1, "1 ann")
	d.write(t, s, 2, "+1 1 bob\n-1 1 ann")
	if got := d.log(t, 0, 1).String(); got != "+1 1 ann\n-1 1 ann\n+1 1 bob\n" {
		t.Errorf("got %s", got)
	}
}
