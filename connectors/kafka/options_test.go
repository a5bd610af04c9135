package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
)

// What is wrong with options is said before a broker is asked.
func TestOptionsRefused(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{"topic=", "option 'topic' is missing: it names the topic to read from or write to"},
		{"topic.pattern=a", "options 'topic' and 'topic.pattern' exclude each other"},
		{"topic= topic.pattern=(", "option 'topic.pattern': error parsing regexp: missing closing ): `^(?:()$`"},
		{"topic=a,b,a", "option 'topic' names 'a' twice"},
		{"topic=a/b", "'a/b' is not a topic name: it has 1 to 249 letters, digits, '.', '_' and '-'"},
		{"bootstrap.servers=", "option 'bootstrap.servers' is missing: it names brokers to ask first, as '127.0.0.1:9092'"},
		{"bootstrap.servers=host", "option 'bootstrap.servers': 'host' is not a host and a port such as '127.0.0.1:9092'"},
		{"bootstrap.servers=h:99999", "option 'bootstrap.servers': 'h:99999' is not a host and a port such as '127.0.0.1:9092'"},
		{"scan.startup.timestamp=1", "option 'scan.startup.timestamp' needs scan.startup = 'timestamp'"},
		{"scan.startup=timestamp", "option 'scan.startup.timestamp': '' is neither a time such as '2026-11-22 10:00:00' nor milliseconds since 1970"},
		{"scan.startup=specific-offsets", "option 'scan.startup.specific_offsets': it is missing; write it as '0:42, 1:300'"},
		{"scan.startup=specific-offsets scan.startup.specific.offsets=0", "option 'scan.startup.specific_offsets': '0' is not a partition and an offset such as '0:42' or 'topic/0:42'"},
		{"scan.bounded=specific-offsets scan.bounded.specific.offsets=x:1", "option 'scan.bounded.specific_offsets': 'x:1' is not a partition and an offset such as '0:42' or 'topic/0:42'"},
		{"scan.bounded=specific-offsets scan.bounded.specific.offsets=0:1,0:2", "option 'scan.bounded.specific_offsets': partition 0 is there twice"},
		{"scan.discovery.interval=0s", "option 'scan.discovery.interval' must be more than 0"},
		{"partitions=0", "option 'partitions' must be between 1 and 100000, not 0"},
		{"partitions=many", "option 'partitions' must be a whole number, not 'many'"},
		{"replication=0", "option 'replication' must be between 1 and 1000, not 0"},
		{"kafka.compression.type=brotli", "option 'compression' may not be 'brotli'; it takes 'none', 'gzip', 'snappy', 'lz4', 'zstd'"},
		{"kafka.max.partition.fetch.byte=1", "option 'kafka.max.partition.fetch.byte' is not a client option that is understood; did you mean 'kafka.max.partition.fetch.bytes'?"},
		{"kafka.request.timeout.ms=soon", "option 'request.timeout.ms' must be a whole number not below 0, not 'soon'"},
		{"kafka.bootstrap.servers=a:1", "options 'bootstrap.servers' and 'kafka.bootstrap.servers' are the same"},
		{"security.protocol=TLS", "option 'security.protocol' may not be 'TLS'; it takes 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'"},
		{"ssl.truststore.location=/x", "option 'ssl.truststore.location' has no effect with this security.protocol; set security.protocol = 'SSL', 'SASL_SSL' or 'SASL_PLAINTEXT'"},
		{"security.protocol=SSL sasl.username=u", "option 'sasl.username' has no effect with this security.protocol; set security.protocol = 'SSL', 'SASL_SSL' or 'SASL_PLAINTEXT'"},
		{"security.protocol=SSL ssl.truststore.location=/nowhere", "option 'ssl.truststore.location': open /nowhere: no such file or directory"},
		{"security.protocol=SSL ssl.truststore.certificates=nothing", "option 'ssl.truststore.location' has no certificate in PEM form"},
		{"security.protocol=SSL kafka.ssl.truststore.type=JKS", "option 'ssl.truststore.type' takes 'PEM' only; keytool and openssl convert JKS to it"},
		{"security.protocol=SASL_SSL", "option 'sasl.mechanism' is missing; it takes 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'"},
		{"security.protocol=SASL_SSL sasl.mechanism=GSSAPI", "option 'sasl.mechanism' may not be 'GSSAPI'; it takes 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'"},
		{"security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.username=u", "sasl.mechanism 'PLAIN' needs options 'sasl.username' and 'sasl.password'"},
		{"security.protocol=SASL_SSL sasl.mechanism=OAUTHBEARER", "sasl.mechanism 'OAUTHBEARER' needs option 'sasl.oauthbearer.token'"},
	} {
		table := tweets("127.0.0.1:9092", "t")
		for o := range strings.FieldsSeq(c.options) {
			name, value, _ := strings.Cut(o, "=")
			table.Options[name] = value
			if value == "" {
				delete(table.Options, name)
			}
		}
		if _, err := configOf(table); err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.options, err, c.want)
		}
	}
}

// secret is what no message may show.
const secret = "hunter2-very-secret"

// Options that hold secrets are declared as such under both their names, and no
// error shows what they hold.
func TestSecrets(t *testing.T) {
	known := Connector.Options
	for _, name := range []string{"sasl.password", "sasl.jaas.config", "sasl.oauthbearer.token", "ssl.keystore.key", "ssl.key.password"} {
		for _, full := range []string{name, "kafka." + name} {
			i := slices.IndexFunc(known, func(o connectors.Option) bool { return o.Name == full || o.Prefix && strings.HasPrefix(full, o.Name) })
			if i < 0 || !known[i].Secret {
				t.Errorf("option %s is not declared a secret", full)
			}
		}
	}
	for _, options := range []string{
		"sasl.password=" + secret,
		"security.protocol=SASL_PLAINTEXT sasl.password=" + secret,
		"security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.password=" + secret,
		"security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.jaas.config=" + secret,
		"security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username=u sasl.jaas.config=" + secret,
		"security.protocol=SASL_PLAINTEXT sasl.mechanism=" + "X sasl.password=" + secret,
		"security.protocol=SSL ssl.keystore.key=" + secret,
		"security.protocol=SSL ssl.keystore.certificate.chain=x ssl.keystore.key=" + secret,
		"security.protocol=SSL ssl.key.password=" + secret,
		"kafka.sasl.oauthbearer.token=" + secret,
	} {
		table := tweets("127.0.0.1:9092", "t")
		for o := range strings.FieldsSeq(options) {
			name, value, _ := strings.Cut(o, "=")
			table.Options[name] = value
		}
		_, err := configOf(table)
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

// Options are known to the check of CREATE TABLE; a client option that is not in the
// list is refused there.
func TestOptionsKnown(t *testing.T) {
	table := tweets("b:1", "t", "kafka.client.id", "me", "ssl.key.location", "x", "scan.startup", "latest", "on_data_loss", "skip")
	delete(table.Options, "connector")
	delete(table.Options, "format")
	if err := table.Options.Check(Connector.Options, suggest.Nearest); err != nil {
		t.Error(err)
	}
	table.Options["kafka.sasl.pasword"] = secret
	var unknown *connectors.UnknownOption
	err := table.Options.Check(Connector.Options, suggest.Nearest)
	if !errors.As(err, &unknown) || unknown.Nearest != "kafka.sasl.password" || strings.Contains(err.Error(), secret) {
		t.Errorf("a misspelt client option: %v", err)
	}
}
