package connectors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options are the WITH (…) settings of a table under their canonical names:
// lower case, with "_" written as ".".
type Options map[string]string

// Canonical returns the one spelling of an option's or setting's name.
func Canonical(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", ".")
}

// An Option describes a setting that a connector or format understands.
type Option struct {
	Name    string // canonical
	Default string
	Doc     string
	Values  []string // the only values allowed; empty for any
	Secret  bool     // never shown
	File    bool     // names a file or a directory of this machine
	Later   bool     // may be another when a query goes on: the records are the same
	Prefix  bool     // Name is a prefix that the connector checks by itself ("kafka.")
}

// Get returns the option's value, or "" where it is not set.
func (o Options) Get(name string) string { return o[Canonical(name)] }

// String returns the option's value, or def where it is not set.
func (o Options) String(name, def string) string {
	if v, ok := o[Canonical(name)]; ok {
		return v
	}
	return def
}

// Int returns a whole number.
func (o Options) Int(name string, def int64) (int64, error) {
	v, ok := o[Canonical(name)]
	if !ok {
		return def, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("option '%s' must be a whole number, not '%s'", name, v)
	}
	return n, nil
}

// Bool returns true or false.
func (o Options) Bool(name string, def bool) (bool, error) {
	switch v, ok := o[Canonical(name)]; {
	case !ok:
		return def, nil
	case v == "true":
		return true, nil
	case v == "false":
		return false, nil
	default:
		return false, fmt.Errorf("option '%s' must be 'true' or 'false', not '%s'", name, v)
	}
}

// Duration returns a span such as '500 ms', '5s' or '2 minutes'.
func (o Options) Duration(name string, def time.Duration) (time.Duration, error) {
	v, ok := o[Canonical(name)]
	if !ok {
		return def, nil
	}
	d, err := ParseDuration(v)
	if err != nil {
		return 0, fmt.Errorf("option '%s': %w", name, err)
	}
	return d, nil
}

// ParseDuration reads a span of time: a Go duration, or a number and a unit word.
func ParseDuration(text string) (time.Duration, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	if d, err := time.ParseDuration(strings.ReplaceAll(s, " ", "")); err == nil {
		return d, nil
	}
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz ")
	unit := strings.TrimSuffix(strings.TrimSpace(s[len(number):]), "s")
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	per, known := map[string]time.Duration{
		"millisecond": time.Millisecond, "second": time.Second, "sec": time.Second, "minute": time.Minute,
		"min": time.Minute, "hour": time.Hour, "day": 24 * time.Hour,
	}[unit]
	if err != nil || !known {
		return 0, fmt.Errorf("'%s' is not a span of time such as '500 ms' or '5 minutes'", text)
	}
	return time.Duration(n) * per, nil
}

// Check returns an error for the first option, in order of name, that is not among
// known or has a value that is not allowed. nearest suggests a name for a wrong one.
func (o Options) Check(known []Option, nearest func(name string, candidates []string) string) error {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := slices.IndexFunc(known, func(k Option) bool {
			return k.Name == name || k.Prefix && strings.HasPrefix(name, k.Name)
		})
		if i < 0 {
			return &UnknownOption{Name: name, Nearest: nearest(name, optionNames(known))}
		}
		if v := known[i].Values; len(v) > 0 && !slices.Contains(v, o[name]) {
			return &BadValue{Name: name, Value: o[name], Allowed: v}
		}
	}
	return nil
}

func optionNames(known []Option) []string {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.Name
	}
	return names
}

// An UnknownOption is an option that no one understands.
type UnknownOption struct{ Name, Nearest string }

// Error names the option.
func (e *UnknownOption) Error() string { return fmt.Sprintf("unknown option '%s'", e.Name) }

// A BadValue is an option whose value is not one of those allowed.
type BadValue struct {
	Name, Value string
	Allowed     []string
}

// Error names the option and what it may be.
func (e *BadValue) Error() string {
	return fmt.Sprintf("option '%s' may not be '%s'; it takes '%s'", e.Name, e.Value, strings.Join(e.Allowed, "', '"))
}
