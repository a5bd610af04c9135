package sqlstream

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
	"github.com/sqlstream/sqlstream/planner"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/stream"
)

// A setting is something that SET changes for the queries started after it. A
// query keeps the settings of its creation.
type setting struct {
	name  string // canonical
	doc   string
	value string // the default
	check func(value string) error
	later bool // it may be another when a query is resumed: plan and state do not depend on it
}

func wholeAbove(least int64) func(string) error {
	return func(v string) error {
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < least {
			return fmt.Errorf("a whole number from %d on is needed, not '%s'", least, v)
		}
		return nil
	}
}

func oneOf(values ...string) func(string) error {
	return func(v string) error {
		if !slices.Contains(values, v) {
			return fmt.Errorf("it takes %s, not '%s'", quotedList(values), v)
		}
		return nil
	}
}

func aZone(name string) error {
	_, err := types.LoadZone(name)
	return err
}

func aSpan(text string) error {
	d, err := connectors.ParseDuration(text)
	if err == nil && d < 0 {
		err = fmt.Errorf("'%s' is less than nothing", text)
	}
	return err
}

// known lists the settings by name.
var known = []setting{
	{"checkpoint.interval", "how often the state of a query is made durable, where no sink of its dataflow is exactly once and each epoch is", "1 second", aSpan, true},
	{"checkpoint.retain", "how many generations of state files are kept in the directory behind those in use, from which damaged ones are healed: each takes about as much room as the state", "1", wholeAbove(0), false},
	{"cte.max.recursion.depth", "the most rounds of WITH RECURSIVE in an epoch", "1000", wholeAbove(1), true},
	{"eval.error", "what a row does whose expression fails: 'fail' stops the query, 'null' gives NULL", "fail", oneOf("fail", "null"), true},
	{"max.bytes.per.trigger", "the most bytes of input that an epoch takes", strconv.FormatInt(stream.DefaultLimits.MaxBytes, 10), wholeAbove(1), true},
	{"max.rows.per.trigger", "the most rows of input that an epoch takes", strconv.FormatInt(stream.DefaultLimits.MaxRows, 10), wholeAbove(1), true},
	{"memory.limit", "the most memory that all queries may hold together, such as '8 GiB': auto is half of what the machine or its container has", "auto", memorySize, false},
	{"result.row.limit", "the most rows of a COMPLETE result", "1000000", wholeAbove(1), true},
	{"restart", "what becomes of a query that fails for a reason that may pass: 'never' leaves it FAILED, 'on-failure' starts it again from its last checkpoint, after a while", "never", oneOf("never", "on-failure"), true},
	{"secrets.in.directory", "what becomes of a secret option whose value would stand in the directory in clear text: 'refuse', or 'allow'", "refuse", oneOf("refuse", "allow"), false},
	{"state.ttl", "how long a query keeps a group, or a row that waits for others, to which no row comes: '0' is for ever; STATE TTL behind a query's EMIT says it for that query", "0", ttl, false},
	{"time.zone", "the zone in which TIMESTAMP WITH LOCAL TIME ZONE is shown and read", "UTC", aZone, false},
	{"watermark.policy", "which watermark counts where a query reads several tables that have one: the least, or with 'max' the greatest, for which rows are late, too", "min", oneOf("min", "max"), false},
}

// shownSetting is a setting's name as it is shown.
func shownSetting(name string) string {
	return strings.ReplaceAll(connectors.Canonical(name), ".", "_")
}

// settings are values by canonical name.
type settings map[string]string

func defaultSettings() settings {
	s := settings{}
	for _, k := range known {
		s[k.name] = k.value
	}
	return s
}

// number returns a setting that was checked to be a whole number.
func (s settings) number(name string) int64 {
	n, err := strconv.ParseInt(s[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// span returns a setting that was checked to be a span of time.
func (s settings) span(name string) time.Duration {
	d, err := connectors.ParseDuration(s[name])
	if err != nil {
		return 0
	}
	return d
}

// restart reports that a failed query is to be started again.
func (s settings) restart() bool { return s["restart"] == "on-failure" }

// zone is that of time_zone, which was checked to be one.
func (s settings) zone() *types.Zone {
	z, err := types.LoadZone(s["time.zone"])
	if err != nil {
		return nil
	}
	return z
}

// planning returns a planner with the settings now.
func (db *DB) planning() *planner.Planner { return db.planningBy(db.current()) }

// planningBy returns a planner with the settings of a query's creation.
func (db *DB) planningBy(s settings) *planner.Planner {
	return db.planningOn(terms{s, db.planner.Workers}, sql.Tail{}, false)
}

// Terms are what a query is planned on: the settings of its creation, which it keeps, and
// the number of workers that its state is divided among.
type terms struct {
	settings
	workers int
}

// terms are those of a query that is created now.
func (db *DB) terms() terms { return terms{db.current(), db.planner.Workers} }

func (s settings) limits() stream.Limits {
	return stream.Limits{MaxRows: s.number("max.rows.per.trigger"), MaxBytes: s.number("max.bytes.per.trigger")}
}

func (db *DB) set(st *sql.Set) error {
	name := connectors.Canonical(st.Name.Text)
	i := slices.IndexFunc(known, func(k setting) bool { return k.name == name })
	if i < 0 {
		err := st.Errorf(st.Name.Offset, "there is no setting %s", st.Name.Text)
		names := make([]string, len(known))
		for i, k := range known {
			names[i] = shownSetting(k.name)
		}
		if n := suggest.Nearest(shownSetting(name), names); n != "" {
			return err.WithHint("did you mean %s?", n)
		}
		return err.WithHint("SHOW SETTINGS lists them")
	}
	if err := known[i].check(st.Value); err != nil {
		return st.Errorf(st.Name.Offset, "setting %s: %v", shownSetting(name), err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	next := settings{}
	for k, v := range db.settings {
		next[k] = v
	}
	next[name] = st.Value
	db.settings = next
	db.touched[name] = true
	switch {
	case name == "memory.limit":
		db.engine.SetMemoryLimit(memoryLimit(st.Value))
	case name == "checkpoint.retain" && db.dir != nil:
		db.dir.Retain(int(next.number(name)))
	}
	return nil
}

// current returns the settings now; they do not change under the caller.
func (db *DB) current() settings {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.settings
}
