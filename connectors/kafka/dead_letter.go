package kafka

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
)

// deadLetterOption names the topic of records that cannot be read.
const deadLetterOption = "dead.letter"

// deadLetters is the topic that the records of a table are written to which cannot be read:
// on the same cluster, with the table's options for what is written.
func deadLetters(t *connectors.Table) (*connectors.Table, error) {
	topic := t.Options.Get(deadLetterOption)
	var c config
	if err := c.readTopics(t.Options); err != nil {
		return nil, err
	}
	switch {
	case topic == "":
		return nil, errors.New("on_error = 'dead_letter' needs dead_letter = 'topic', the topic that such records are written to")
	case slices.Contains(c.topics, topic), c.pattern != nil && c.pattern.MatchString(topic):
		return nil, fmt.Errorf("dead_letter = '%s' is a topic that the table reads: what cannot be read there would be written there again and again; name another one", topic)
	case strings.Contains(topic, ","):
		return nil, errors.New("dead_letter takes one topic")
	}
	o := maps.Clone(t.Options)
	for _, name := range []string{
		"topic.pattern", "key.format", "key.fields", "value.fields.include", "changelog", "deletes", "group.id", "on.error", "max.bad.records", deadLetterOption,
	} {
		delete(o, name)
	}
	maps.DeleteFunc(o, func(name, _ string) bool { return strings.HasPrefix(name, "scan.") })
	o["topic"], o["format"] = topic, format.Raw.Name
	return format.DeadLetters(t.Name, o), nil
}
