package kafka

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
)

// tableOptions are what a table may say beside the format's own options and those
// of the client.
var tableOptions = []connectors.Option{
	{Name: "topic", Doc: "the topic; several to read from are divided by commas"},
	{Name: "topic.pattern", Doc: "a regular expression instead of topic: every topic that it matches whole is read"},
	{Name: "scan.startup", Default: "earliest", Values: []string{"earliest", "latest", "timestamp", "specific-offsets"}, Doc: "where a new query begins to read"},
	{Name: "scan.startup.timestamp", Doc: "with scan.startup = 'timestamp': the first record not older than this, 'YYYY-MM-DD HH:MM:SS' or milliseconds since 1970"},
	{Name: "scan.startup.specific.offsets", Doc: "with scan.startup = 'specific-offsets': '0:42, 1:300' or 'topic/0:42'; other partitions begin at the earliest record"},
	{Name: "scan.bounded", Values: []string{"latest", "timestamp", "specific-offsets"}, Doc: "makes the table end: at what is there when the query starts, at a time, or at offsets"},
	{Name: "scan.bounded.timestamp", Doc: "with scan.bounded = 'timestamp': records from this time on are left out"},
	{Name: "scan.bounded.specific.offsets", Doc: "with scan.bounded = 'specific-offsets': the first offset of each partition that is left out"},
	{Name: "scan.discovery.interval", Later: true, Default: "1 second", Doc: "how often the cluster is asked for new partitions and topics"},
	{Name: "isolation.level", Default: "read_committed", Values: []string{"read_committed", "read_uncommitted"}, Doc: "whether records of open and aborted transactions are left out"},
	{Name: "on.data.loss", Later: true, Default: "fail", Values: []string{"fail", "skip"}, Doc: "what happens when records are gone before they were read: the query stops, or goes on after them"},
	{Name: "max.batch.bytes", Later: true, Default: strconv.Itoa(longestBatch), Doc: "a record batch that takes more than this when it is unpacked is an error"},
	{Name: deadLetterOption, Doc: "with on_error = 'dead_letter': the topic, of the same cluster, that records go to which cannot be read, as they came, with headers that say where they stood and why"},
	{Name: "auto.create", Default: "false", Values: []string{"true", "false"}, Doc: "make the topic where it does not exist"},
	{Name: "partitions", Default: "1", Doc: "partitions of a topic that auto.create makes"},
	{Name: "replication", Doc: "replicas of a topic that auto.create makes; the cluster's own default where not given"},
	{Name: "key.format", Values: []string{"json", "raw", "csv"}, Doc: "the format of the record's key; 'json' for a table with PRIMARY KEY, otherwise that of the value"},
	{Name: "key.fields", Doc: "the columns that are the record's key, divided by commas"},
	{Name: "value.fields.include", Default: "all", Values: []string{"all", "except-key"}, Doc: "whether the key's columns are written into the value as well"},
	{Name: "compression", Later: true, Default: "lz4", Values: []string{"none", "gzip", "snappy", "lz4", "zstd"}, Doc: "how written records are compressed"},
	{Name: "delivery.guarantee", Values: guarantees, Doc: "how often each row is there after a failure: 'exactly-once' needs --dir, and is the default with it; otherwise 'at-least-once'; 'none' waits for one replica alone and is not idempotent"},
	{Name: "sink.delivery-guarantee", Values: guarantees, Doc: "as delivery.guarantee, which is how Flink calls it"},
	{Name: "group.id", Later: true, Doc: "a consumer group that is told the offsets up to which a query has come for good, so that lag can be watched; where reading begins it does not say"},
	{Name: "deletes", Values: []string{"ignore"}, Doc: "'ignore': in mode UPDATE into a table without PRIMARY KEY only new values are written"},
	{Name: "changelog", Values: []string{"retract"}, Doc: "'retract': a record says in a member op what it does, '+I' and '+U' add a row, '-U' and '-D' take it back; in mode UPDATE every change is written so"},
}

// allOptions lists everything that a table of this connector understands. Client
// options stand there one by one and not as a prefix, so that CREATE TABLE refuses a
// misspelt one, which might hold a secret.
func allOptions() []connectors.Option {
	out := slices.Clone(tableOptions)
	for _, o := range clientOptions {
		option := connectors.Option{Name: o.name, Default: o.def, Doc: o.doc, Secret: o.secret, Values: o.values}
		option.File = strings.HasSuffix(o.name, ".location")
		option.Later = o.name != "isolation.level"
		if o.top {
			out = append(out, option)
		}
		option.Name = "kafka." + o.name
		out = append(out, option)
	}
	return out
}

// A config is a table's options, checked.
type config struct {
	table     string
	servers   []string
	topics    []string
	pattern   *regexp.Regexp
	startup   place
	bounded   place // kind "" for never
	discovery time.Duration
	isolation sarama.IsolationLevel
	skipLoss  bool
	group     string // that is told of offsets, "" for none
	careless  bool   // what is written is acknowledged by one replica, and may be there twice

	create      bool
	partitions  int32
	replication int16

	unpacked   int   // bytes that a batch may take
	fetchBytes int32 // of one partition, in one answer
	batchBytes int   // of one record batch written, uncompressed
	codec      sarama.CompressionCodec
	client     *sarama.Config
	txnTimeout time.Duration // how long a transaction may be open
	backoff    time.Duration // the longest pause between attempts
	wait       time.Duration // how long a broker may hold a fetch back for lack of data
}

// A place is a point in every partition.
type place struct {
	kind    string // earliest, latest, timestamp, specific-offsets
	millis  int64
	offsets map[string]int64 // by "topic/partition", or by "partition" where there is one topic
}

func configOf(t *connectors.Table) (*config, error) {
	c := &config{table: t.Name, isolation: sarama.ReadCommitted}
	o := t.Options
	if o.Get("isolation.level") == "read_uncommitted" || o.Get("kafka.isolation.level") == "read_uncommitted" {
		c.isolation = sarama.ReadUncommitted
	}
	c.skipLoss = o.Get("on.data.loss") == "skip"
	c.group, _ = option(o, "group.id")
	if g, err := asked(o); err != nil {
		return nil, err
	} else if g == "none" {
		c.careless = true
	}
	if err := errors.Join(c.readTopics(o), c.readPlaces(o), c.readCreate(o), c.readUnpacked(o)); err != nil {
		return nil, firstOf(err)
	}
	var err error
	if c.discovery, err = o.Duration("scan.discovery.interval", time.Second); err != nil {
		return nil, err
	}
	return c, c.readClient(o)
}

func (c *config) readUnpacked(o connectors.Options) error {
	n, err := o.Int("max.batch.bytes", longestBatch)
	if err == nil && (n < 1 || n > math.MaxInt32) {
		err = fmt.Errorf("option 'max.batch.bytes' must lie between 1 and %d", math.MaxInt32)
	}
	c.unpacked = int(n)
	return err
}

// check says what is wrong with a table's options, as far as nothing outside is needed
// to know.
func check(t *connectors.Table) error {
	c, o := &config{}, t.Options
	if err := errors.Join(c.readTopics(o), c.readPlaces(o), c.readCreate(o), c.readUnpacked(o)); err != nil {
		return firstOf(err)
	}
	if list, _ := option(o, "bootstrap.servers"); list == "" {
		return errNoServers
	}
	if _, err := asked(o); err != nil {
		return err
	}
	return checkChanges(t)
}

// firstOf is the first of joined errors: one mistake is told at a time.
func firstOf(err error) error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()[0]
	}
	return err
}

func (c *config) readTopics(o connectors.Options) error {
	list, pattern := o.Get("topic"), o.Get("topic.pattern")
	switch {
	case list != "" && pattern != "":
		return errors.New("options 'topic' and 'topic.pattern' exclude each other")
	case list == "" && pattern == "":
		return errors.New("option 'topic' is missing: it names the topic to read from or write to")
	case pattern != "":
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return fmt.Errorf("option 'topic.pattern': %w", err)
		}
		c.pattern = re
		return nil
	}
	for topic := range strings.SplitSeq(list, ",") {
		topic = strings.TrimSpace(topic)
		if err := validTopic(topic); err != nil {
			return err
		}
		if slices.Contains(c.topics, topic) {
			return fmt.Errorf("option 'topic' names '%s' twice", topic)
		}
		c.topics = append(c.topics, topic)
	}
	slices.Sort(c.topics)
	return nil
}

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

func validTopic(topic string) error {
	if !topicName.MatchString(topic) || topic == "." || topic == ".." {
		return fmt.Errorf("'%s' is not a topic name: it has 1 to 249 letters, digits, '.', '_' and '-'", topic)
	}
	return nil
}

func (c *config) readCreate(o connectors.Options) error {
	create, err := o.Bool("auto.create", false)
	if err != nil {
		return err
	}
	c.create = create
	n, err := o.Int("partitions", 1)
	if err != nil {
		return err
	}
	r, err := o.Int("replication", -1)
	if err != nil {
		return err
	}
	if n < 1 || n > 100_000 {
		return fmt.Errorf("option 'partitions' must be between 1 and 100000, not %d", n)
	}
	if r != -1 && (r < 1 || r > 1000) {
		return fmt.Errorf("option 'replication' must be between 1 and 1000, not %d", r)
	}
	c.partitions, c.replication = int32(n), int16(r)
	return nil
}

// option returns a client option, which may stand under its own name or behind
// "kafka.".
func option(o connectors.Options, name string) (string, bool) {
	if v, ok := o[name]; ok {
		return v, true
	}
	v, ok := o["kafka."+name]
	return v, ok
}

// checkClientOptions refuses what stands behind "kafka." and is not listed.
func checkClientOptions(o connectors.Options) error {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, full := range names {
		name, ok := strings.CutPrefix(full, "kafka.")
		if !ok {
			continue
		}
		if !slices.Contains(clientNames(), name) {
			if near := suggest.Nearest(name, clientNames()); near != "" {
				return fmt.Errorf("option '%s' is not a client option that is understood; did you mean 'kafka.%s'?", full, near)
			}
			return fmt.Errorf("option '%s' is not a client option that is understood; there are %s", full, strings.Join(clientNames(), ", "))
		}
		if _, twice := o[name]; twice {
			return fmt.Errorf("options '%s' and '%s' are the same", name, full)
		}
	}
	return nil
}
