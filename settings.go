package sqlstream

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// known lists the settings by name.
var known = []setting{
	{"cte.max.recursion.depth", "the most rounds of WITH RECURSIVE in an epoch", "1000", wholeAbove(1)},
	{"eval.error", "what a row does whose expression fails: 'fail' stops the query, 'null' gives NULL", "fail", oneOf("fail", "null")},
	{"max.bytes.per.trigger", "the most bytes of input that an epoch takes", strconv.FormatInt(stream.DefaultLimits.MaxBytes, 10), wholeAbove(1)},
	{"max.rows.per.trigger", "the most rows of input that an epoch takes", strconv.FormatInt(stream.DefaultLimits.MaxRows, 10), wholeAbove(1)},
	{"memory.limit", "the most memory that all queries may hold together, such as '8 GiB': auto is half of what the machine or its container has", "auto", memorySize},
	{"result.row.limit", "the most rows of a COMPLETE result", "1000000", wholeAbove(1)},
	{"state.ttl", "how long a query keeps a group, or a row that waits for others, to which no row comes: '0' is for ever; STATE TTL behind a query's EMIT says it for that query", "0", ttl},
	{"time.zone", "the zone in which TIMESTAMP WITH LOCAL TIME ZONE is shown and read", "UTC", aZone},
	{"watermark.policy", "which watermark counts where a query reads several tables that have one: the least, or with 'max' the greatest, for which rows are late, too", "min", oneOf("min", "max")},
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
	p := db.planner
	p.Zone = s.zone()
	return &p
}

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
	if name == "memory.limit" {
		db.engine.SetMemoryLimit(memoryLimit(st.Value))
	}
	return nil
}

// current returns the settings now; they do not change under the caller.
func (db *DB) current() settings {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.settings
}
