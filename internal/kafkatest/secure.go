package kafkatest

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// A Secure is a server that also listens for clients who log in.
type Secure struct {
	*Server
	Plain string // host and port of SASL_PLAINTEXT
	TLS   string // host and port of SASL_SSL
	SSL   string // host and port of SSL, without a login
}

// What is said again takes the place of what was said before. %%[1]d and %%[2]d are the ports
// of Start, the others those of the listeners.
const secureProperties = `listeners=PLAINTEXT://127.0.0.1:%%[1]d,CONTROLLER://127.0.0.1:%%[2]d,SASL_PLAINTEXT://127.0.0.1:%[1]d,SASL_SSL://127.0.0.1:%[2]d,SSL://127.0.0.1:%[3]d
advertised.listeners=PLAINTEXT://127.0.0.1:%%[1]d,SASL_PLAINTEXT://127.0.0.1:%[1]d,SASL_SSL://127.0.0.1:%[2]d,SSL://127.0.0.1:%[3]d
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location=%[4]s
`

const loginProperties = `listener.name.%[1]s.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%[2]s="%[3]s";
listener.name.%[1]s.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.%[1]s.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
`

// StartSecure is Start of a server that also listens for TLS, with the certificate and key of
// a PEM file, and lets a user log in by PLAIN. Users of SCRAM are made by its admin protocol.
func StartSecure(ctx context.Context, dir, keystore, user, password string) (*Secure, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	extra := fmt.Sprintf(secureProperties, ports[0], ports[1], ports[2], escape(keystore)) +
		fmt.Sprintf(loginProperties, "sasl_plaintext", user, password) + fmt.Sprintf(loginProperties, "sasl_ssl", user, password)
	s, err := startWith(ctx, dir, extra)
	if err != nil {
		return nil, err
	}
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	return &Secure{Server: s, Plain: at(0), TLS: at(1), SSL: at(2)}, nil
}
