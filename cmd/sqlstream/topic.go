package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream"
	"github.com/sqlstream/sqlstream/internal/broker"
)

// A topicTable is a topic as a table of bytes: key and value as they are.
type topicTable struct {
	name    string // of the table
	topic   string
	servers string
	keyed   bool
	options []string // more of WITH (…)
}

func bootstrapFlag(cmd *cobra.Command, servers *string) {
	cmd.Flags().StringVar(servers, "bootstrap", broker.DefaultListen, "host:port of brokers, divided by commas")
}

// create is the table's statement. Bytes and not text, so that whatever the topic
// holds comes through.
func (t *topicTable) create() string {
	columns := "line BINARY"
	options := []string{
		"connector = 'kafka'", "format = 'raw'",
		"topic = " + quote(t.topic), "'bootstrap.servers' = " + quote(t.servers),
	}
	if t.keyed {
		columns = "k BINARY METADATA FROM 'key', line BINARY"
	}
	options = append(options, t.options...)
	return fmt.Sprintf("CREATE TABLE %s (%s) WITH (%s)", t.name, columns, strings.Join(options, ", "))
}

// quote writes a text as SQL's string.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// plainly gives the error of a statement that the user has not written without the
// statement.
func plainly(err error) error {
	var e *sqlstream.Error
	if !errors.As(err, &e) {
		return err
	}
	text := strings.TrimPrefix(e.Msg, "table topic: ")
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return errors.New(text)
}
