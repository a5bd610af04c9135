package connectors

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// shortestHidden is the length of the shortest value that Hidden hides: shorter ones are
// found in words that are none of theirs.
const shortestHidden = 4

// Hidden returns a text for people in which what the table's options refer to stands as the
// reference that leads to it: who writes ${env:NAME} does not want its value in a log.
func (t *Table) Hidden(text string) string {
	type pair struct{ value, reference string }
	var pairs []pair
	if t != nil {
		for _, v := range t.Options {
			for _, part := range reference.FindAllStringSubmatch(v, -1) {
				if value := said(part[1], part[2]); len(value) >= shortestHidden {
					pairs = append(pairs, pair{value, part[0]})
				}
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { // a value may be part of another
		return cmp.Or(cmp.Compare(len(b.value), len(a.value)), cmp.Compare(a.reference, b.reference))
	})
	for _, p := range pairs {
		text = strings.ReplaceAll(text, p.value, p.reference)
	}
	return text
}

// said is what a reference leads to, "" where that cannot have come into a text.
func said(kind, name string) string {
	if kind == "file" {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			return "" // a pipe would be waited for
		}
	}
	value, err := referred(kind, name, nil)
	if err != nil {
		return ""
	}
	return value
}

// Hide is Hidden for an error.
func (t *Table) Hide(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if hidden := t.Hidden(text); hidden != text {
		return &hiddenError{hidden, err}
	}
	return err
}

// A hiddenError is an error in other words.
type hiddenError struct {
	text string
	err  error
}

// Error is the text without values.
func (e *hiddenError) Error() string { return e.text }

// Unwrap returns the error.
func (e *hiddenError) Unwrap() error { return e.err }

// Hiding has notices of what is opened for a table say no values.
func (e Env) Hiding(t *Table) Env {
	if notice := e.Notice; notice != nil {
		e.Notice = func(text string) { notice(t.Hidden(text)) }
	}
	return e
}

// quiet returns the connector whose errors and notices show no values of references.
func (c Connector) quiet() Connector {
	loud := c
	if c.Source != nil {
		c.Source = func(ctx context.Context, t *Table, env Env) (Source, error) {
			s, err := loud.Source(ctx, t, env.Hiding(t))
			return s, t.Hide(err)
		}
	}
	if c.Sink != nil {
		c.Sink = func(ctx context.Context, t *Table, mode Mode, schema *types.Schema, env Env) (Sink, error) {
			s, err := loud.Sink(ctx, t, mode, schema, env.Hiding(t))
			return s, t.Hide(err)
		}
	}
	if c.Size != nil {
		c.Size = func(ctx context.Context, t *Table, env Env) (int64, error) {
			n, err := loud.Size(ctx, t, env.Hiding(t))
			return n, t.Hide(err)
		}
	}
	if c.Topics != nil {
		c.Topics = func(ctx context.Context, t *Table, env Env) ([]Topic, error) {
			topics, err := loud.Topics(ctx, t, env.Hiding(t))
			return topics, t.Hide(err)
		}
	}
	if c.DeadLetters != nil {
		c.DeadLetters = func(t *Table) (*Table, error) {
			out, err := loud.DeadLetters(t)
			return out, t.Hide(err)
		}
	}
	if c.Check != nil {
		c.Check = func(t *Table) error { return t.Hide(loud.Check(t)) }
	}
	return c
}
