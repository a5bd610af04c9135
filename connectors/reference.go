package connectors

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/internal/confine"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A value of an option may hold references, ${env:NAME} and ${file:path}: to a variable of
// the environment, and to a file, whose content is meant without the line's end. They are
// kept and shown as they are written, and followed when the connector opens something, each
// time anew: so a secret stands in no catalog and can be exchanged.
var reference = regexp.MustCompile(`\$\{([a-z]+):([^}]*)\}`)

// HasReference reports that a value is not all that it says.
func HasReference(value string) bool { return reference.MatchString(value) }

// IsReference reports that a value is one reference and nothing else.
func IsReference(value string) bool { return reference.FindString(value) == value && value != "" }

// longestReferred bounds what is read from a file that is referred to.
const longestReferred = 1 << 20

// follow puts what is referred to into a value.
func follow(value string, dirs *confine.Dirs) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(value, func(text string) string {
		part := reference.FindStringSubmatch(text)
		got, err := referred(part[1], part[2], dirs)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", text, err)
		}
		return got
	})
	return out, failed
}

func referred(kind, name string, dirs *confine.Dirs) (string, error) {
	switch kind {
	case "env":
		v, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s", name)
		}
		return v, nil
	case "file":
		if err := dirs.Check(name); err != nil {
			return "", err
		}
		info, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		if info.Size() > longestReferred {
			return "", fmt.Errorf("the file has %d bytes, more than the %d of a value", info.Size(), longestReferred)
		}
		b, err := os.ReadFile(name)
		return strings.TrimRight(string(b), "\r\n"), err
	}
	return "", fmt.Errorf("a reference is ${env:NAME} or ${file:path}")
}

// An OptionError is what is wrong with the value of an option.
type OptionError struct {
	Name string // canonical
	Err  error
}

// Error names the option.
func (e *OptionError) Error() string { return fmt.Sprintf("option '%s': %v", e.Name, e.Err) }

// Unwrap returns what is wrong.
func (e *OptionError) Unwrap() error { return e.Err }

// Followed returns the table with what its options refer to: the table itself where they
// refer to nothing. Files outside of dirs are not read.
func (t *Table) Followed(dirs *confine.Dirs) (*Table, error) {
	if !slices.ContainsFunc(slices.Collect(maps.Values(t.Options)), HasReference) {
		return t, nil
	}
	out := *t
	out.Options = Options{}
	for _, name := range slices.Sorted(maps.Keys(t.Options)) {
		v, err := follow(t.Options[name], dirs)
		if err != nil {
			return nil, &OptionError{name, err}
		}
		out.Options[name] = v
	}
	return &out, nil
}

// settled returns the table as the connector may see it: followed, and with no option that
// names a file outside of dirs.
func (c *Connector) settled(t *Table, dirs *confine.Dirs) (*Table, error) {
	t, err := t.Followed(dirs)
	if err != nil || dirs == nil {
		return t, err
	}
	for _, o := range c.Options {
		v, given := t.Options[o.Name]
		if !given || !o.File {
			continue
		}
		if err := dirs.Check(v); err != nil {
			return nil, &OptionError{o.Name, err}
		}
	}
	return t, nil
}

// Following returns the connector that is asked of tables whose options may hold references:
// whatever it opens or asks, it does with what they refer to, and only where all files that
// they name are below dirs.
func (c Connector) Following(dirs *confine.Dirs) Connector {
	plain := c
	if c.Source != nil {
		c.Source = func(ctx context.Context, t *Table, env Env) (Source, error) {
			t, err := plain.settled(t, dirs)
			if err != nil {
				return nil, err
			}
			return plain.Source(ctx, t, env)
		}
	}
	if c.Sink != nil {
		c.Sink = func(ctx context.Context, t *Table, mode Mode, schema *types.Schema, env Env) (Sink, error) {
			t, err := plain.settled(t, dirs)
			if err != nil {
				return nil, err
			}
			return plain.Sink(ctx, t, mode, schema, env)
		}
	}
	if c.Size != nil {
		c.Size = func(ctx context.Context, t *Table, env Env) (int64, error) {
			t, err := plain.settled(t, dirs)
			if err != nil {
				return 0, err
			}
			return plain.Size(ctx, t, env)
		}
	}
	if c.Topics != nil {
		c.Topics = func(ctx context.Context, t *Table, env Env) ([]Topic, error) {
			t, err := plain.settled(t, dirs)
			if err != nil {
				return nil, err
			}
			return plain.Topics(ctx, t, env)
		}
	}
	if c.DeadLetters != nil {
		c.DeadLetters = func(t *Table) (*Table, error) {
			t, err := plain.settled(t, dirs)
			if err != nil {
				return nil, err
			}
			return plain.DeadLetters(t)
		}
	}
	c.Check = func(t *Table) error {
		t, err := plain.settled(t, dirs)
		if err != nil || plain.Check == nil {
			return err
		}
		return plain.Check(t)
	}
	return c.quiet()
}
