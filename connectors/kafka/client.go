package kafka

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/rcrowley/go-metrics"

	"github.com/sqlstream/sqlstream/connectors"
)

// A clientOption is a setting of Kafka's Java client that has a meaning here, under
// the name that it has there.
type clientOption struct {
	name   string
	def    string
	doc    string
	top    bool // also without the prefix "kafka."
	secret bool
	values []string
}

var clientOptions = []clientOption{
	{name: "bootstrap.servers", top: true, doc: "brokers to ask first, host:port, divided by commas"},
	{name: "client.id", def: "sqlstream", doc: "the name that the broker's logs and quotas know us by"},
	{name: "group.id", doc: "as group.id"},
	{name: "isolation.level", doc: "as isolation.level"},
	{name: "compression.type", doc: "as compression"},
	{name: "max.partition.fetch.bytes", def: "1048576", doc: "bytes of one partition in one answer"},
	{name: "batch.size", def: "900000", doc: "bytes of one batch of written records"},
	{name: "max.request.size", doc: "as batch.size"},
	{name: "transaction.timeout.ms", def: "60000", doc: "how long the transaction of an epoch may be open before the broker ends it"},
	{name: "request.timeout.ms", def: "30000", doc: "how long an answer is waited for"},
	{name: "socket.connection.setup.timeout.ms", def: "10000", doc: "how long a connection is waited for"},
	{name: "reconnect.backoff.max.ms", def: "1000", doc: "the longest pause before a broker that is away is asked again"},
	{name: "retry.backoff.max.ms", doc: "as reconnect.backoff.max.ms"},
	{name: "metadata.max.age.ms", doc: "as scan.discovery.interval"},
	{name: "security.protocol", top: true, def: "PLAINTEXT", doc: "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"},
	{name: "sasl.mechanism", top: true, doc: "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"},
	{name: "sasl.username", top: true, doc: "the user of PLAIN and SCRAM"},
	{name: "sasl.password", top: true, secret: true, doc: "the password of PLAIN and SCRAM"},
	{name: "sasl.oauthbearer.token", top: true, secret: true, doc: "the token of OAUTHBEARER"},
	{name: "sasl.jaas.config", top: true, secret: true, doc: "user and password as a Java client has them"},
	{name: "ssl.truststore.location", top: true, doc: "a PEM file of the authorities that may vouch for the broker; the system's where not given"},
	{name: "ssl.truststore.certificates", top: true, doc: "the same as text"},
	{name: "ssl.keystore.location", top: true, doc: "a PEM file of our certificate, and of its key if not given apart"},
	{name: "ssl.keystore.certificate.chain", top: true, doc: "the same as text"},
	{name: "ssl.keystore.key", top: true, secret: true, doc: "the key of our certificate, as PEM text"},
	{name: "ssl.key.location", top: true, doc: "a PEM file of the key of our certificate"},
	{name: "ssl.key.password", top: true, secret: true, doc: "what the key is encrypted with"},
	{name: "ssl.truststore.type", doc: "PEM"},
	{name: "ssl.keystore.type", doc: "PEM"},
	{name: "ssl.endpoint.identification.algorithm", top: true, def: "https", doc: "empty: the broker's certificate need not have its host name"},
}

func clientNames() []string {
	names := make([]string, len(clientOptions))
	for i, o := range clientOptions {
		names[i] = o.name
	}
	return names
}

// Of sarama's two global switches one turns off metrics, which cost a tenth of a
// fetch, and the other bounds what a few compressed bytes may grow to.
func init() {
	metrics.UseNilMetrics = true
	sarama.MaxDecompressedBatchSize = longestBatch
}

// readClient reads what concerns connections and requests.
func (c *config) readClient(o connectors.Options) error {
	if err := checkClientOptions(o); err != nil {
		return err
	}
	if err := c.readServers(o); err != nil {
		return err
	}
	c.client = sarama.NewConfig()
	c.client.Version = sarama.V4_0_0_0 // a ceiling: each request takes what the broker has
	c.client.ClientID = "sqlstream"
	if id, ok := option(o, "client.id"); ok {
		c.client.ClientID = id
	}
	timeouts := []struct {
		name string
		to   *time.Duration
		def  time.Duration
	}{
		{"request.timeout.ms", &c.client.Net.ReadTimeout, 30 * time.Second},
		{"socket.connection.setup.timeout.ms", &c.client.Net.DialTimeout, 10 * time.Second},
		{"retry.backoff.max.ms", &c.backoff, time.Second},
		{"reconnect.backoff.max.ms", &c.backoff, time.Second},
		{"metadata.max.age.ms", &c.discovery, c.discovery},
		{"transaction.timeout.ms", &c.txnTimeout, time.Minute},
	}
	for _, t := range timeouts {
		n, given, err := number(o, t.name, int64(t.def/time.Millisecond))
		if err != nil {
			return err
		}
		if given || *t.to == 0 || t.name == "request.timeout.ms" || t.name == "socket.connection.setup.timeout.ms" {
			*t.to = time.Duration(n) * time.Millisecond
		}
	}
	c.client.Net.WriteTimeout = c.client.Net.ReadTimeout
	c.wait = min(longestWait, c.client.Net.ReadTimeout/2)
	c.backoff = max(c.backoff, shortestPause)
	if c.discovery <= 0 {
		return errors.New("option 'scan.discovery.interval' must be more than 0")
	}
	if err := c.readSizes(o); err != nil {
		return err
	}
	if err := c.readCodec(o); err != nil {
		return err
	}
	if err := security(c.client, o); err != nil {
		return err
	}
	if err := c.client.Validate(); err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	return nil
}

func (c *config) readSizes(o connectors.Options) error {
	fetch, _, err := number(o, "max.partition.fetch.bytes", 1<<20)
	if err != nil {
		return err
	}
	batch, _, err := number(o, "batch.size", 900_000)
	if err != nil {
		return err
	}
	largest, _, err := number(o, "max.request.size", batch)
	if err != nil {
		return err
	}
	c.fetchBytes = int32(min(max(fetch, 1), 64<<20))
	c.batchBytes = int(min(batch, largest, 64<<20))
	return nil
}

func (c *config) readCodec(o connectors.Options) error {
	name := o.Get("compression")
	if name == "" {
		name, _ = option(o, "compression.type")
	}
	if name == "" {
		name = "lz4"
	}
	if err := c.codec.UnmarshalText([]byte(name)); err != nil {
		return fmt.Errorf("option 'compression' may not be '%s'; it takes 'none', 'gzip', 'snappy', 'lz4', 'zstd'", name)
	}
	return nil
}

func (c *config) readServers(o connectors.Options) error {
	list, _ := option(o, "bootstrap.servers")
	if strings.TrimSpace(list) == "" {
		return errNoServers
	}
	for addr := range strings.SplitSeq(list, ",") {
		addr = strings.TrimSpace(addr)
		_, port, err := net.SplitHostPort(addr)
		if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 1 || n > 65535 {
			return fmt.Errorf("option 'bootstrap.servers': '%s' is not a host and a port such as '127.0.0.1:9092'", addr)
		}
		if !slices.Contains(c.servers, addr) {
			c.servers = append(c.servers, addr)
		}
	}
	return nil
}

func number(o connectors.Options, name string, def int64) (n int64, given bool, err error) {
	v, given := option(o, name)
	if !given {
		return def, false, nil
	}
	n, err = strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, true, fmt.Errorf("option '%s' must be a whole number not below 0, not '%s'", name, v)
	}
	return n, true, nil
}
