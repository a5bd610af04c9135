package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"

	"github.com/sqlstream/sqlstream/connectors"
)

// security sets up TLS and SASL. No error of it shows a secret.
func security(c *sarama.Config, o connectors.Options) error {
	protocol, _ := option(o, "security.protocol")
	switch strings.ToUpper(protocol) {
	case "", "PLAINTEXT":
		return refuseUnused(o, "ssl.", "sasl.")
	case "SSL":
		return firstError(refuseUnused(o, "sasl."), func() error { return withTLS(c, o) })
	case "SASL_PLAINTEXT":
		return firstError(refuseUnused(o, "ssl."), func() error { return withSASL(c, o) })
	case "SASL_SSL":
		return firstError(withTLS(c, o), func() error { return withSASL(c, o) })
	}
	return fmt.Errorf("option 'security.protocol' may not be '%s'; it takes 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'", protocol)
}

func firstError(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

// refuseUnused names an option that the protocol makes no use of: who sets it
// believes that the connection is safer than it is.
func refuseUnused(o connectors.Options, prefixes ...string) error {
	for _, c := range clientOptions {
		for _, p := range prefixes {
			if _, set := option(o, c.name); set && strings.HasPrefix(c.name, p) {
				return fmt.Errorf("option '%s' has no effect with this security.protocol; set security.protocol = 'SSL', 'SASL_SSL' or 'SASL_PLAINTEXT'", c.name)
			}
		}
	}
	return nil
}

func withTLS(c *sarama.Config, o connectors.Options) error {
	for _, name := range []string{"ssl.truststore.type", "ssl.keystore.type"} {
		if v, ok := option(o, name); ok && !strings.EqualFold(v, "PEM") {
			return fmt.Errorf("option '%s' takes 'PEM' only; keytool and openssl convert %s to it", name, v)
		}
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	roots, given, err := pemOf(o, "ssl.truststore.certificates", "ssl.truststore.location")
	if err != nil {
		return err
	}
	if given {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(roots) {
			return errors.New("option 'ssl.truststore.location' has no certificate in PEM form")
		}
	}
	if err := ownCertificate(conf, o); err != nil {
		return err
	}
	if v, ok := option(o, "ssl.endpoint.identification.algorithm"); ok && v == "" {
		vouched(conf)
	}
	c.Net.TLS.Enable, c.Net.TLS.Config = true, conf
	return nil
}

// vouched checks who vouches for the broker, but not the name of its host.
func vouched(conf *tls.Config) {
	conf.InsecureSkipVerify = true
	roots := conf.RootCAs
	conf.VerifyConnection = func(s tls.ConnectionState) error {
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			opts.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(opts)
		return err
	}
}

func ownCertificate(conf *tls.Config, o connectors.Options) error {
	if _, ok := option(o, "ssl.key.password"); ok {
		return errors.New("option 'ssl.key.password': encrypted keys are not read; decrypt the key with openssl and protect the file")
	}
	cert, given, err := pemOf(o, "ssl.keystore.certificate.chain", "ssl.keystore.location")
	if err != nil {
		return err
	}
	key, apart, err := pemOf(o, "ssl.keystore.key", "ssl.key.location")
	if err != nil {
		return err
	}
	switch {
	case !given && apart:
		return errors.New("a key is given without its certificate: set 'ssl.keystore.location'")
	case !given:
		return nil
	case !apart:
		key = cert
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return errors.New("option 'ssl.keystore.location': no certificate and matching key in PEM form")
	}
	conf.Certificates = []tls.Certificate{pair}
	return nil
}

// pemOf returns an option's text, or the content of the file that another names.
func pemOf(o connectors.Options, text, file string) ([]byte, bool, error) {
	if v, ok := option(o, text); ok {
		return []byte(v), true, nil
	}
	path, ok := option(o, file)
	if !ok {
		return nil, false, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, true, fmt.Errorf("option '%s': %w", file, err)
	}
	return b, true, nil
}

func withSASL(c *sarama.Config, o connectors.Options) error {
	user, password, err := credentials(o)
	if err != nil {
		return err
	}
	mechanism, _ := option(o, "sasl.mechanism")
	s := &c.Net.SASL
	s.Enable, s.Version, s.User, s.Password = true, sarama.SASLHandshakeV1, user, password
	s.Mechanism = sarama.SASLMechanism(strings.ToUpper(mechanism))
	switch s.Mechanism {
	case sarama.SASLTypePlaintext:
	case sarama.SASLTypeSCRAMSHA256:
		s.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: scram.SHA256} }
	case sarama.SASLTypeSCRAMSHA512:
		s.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: scram.SHA512} }
	case sarama.SASLTypeOAuth:
		token, _ := option(o, "sasl.oauthbearer.token")
		if token == "" {
			return errors.New("sasl.mechanism 'OAUTHBEARER' needs option 'sasl.oauthbearer.token'")
		}
		s.TokenProvider = staticToken(token)
		return nil
	case "":
		return errors.New("option 'sasl.mechanism' is missing; it takes 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'")
	default:
		return fmt.Errorf("option 'sasl.mechanism' may not be '%s'; it takes 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'", mechanism)
	}
	if user == "" || password == "" {
		return fmt.Errorf("sasl.mechanism '%s' needs options 'sasl.username' and 'sasl.password'", mechanism)
	}
	return nil
}

var jaasEntry = regexp.MustCompile(`(username|password)\s*=\s*"((?:[^"\\]|\\.)*)"`)

// credentials returns user and password, as they are or out of a JAAS line.
func credentials(o connectors.Options) (user, password string, err error) {
	user, _ = option(o, "sasl.username")
	password, _ = option(o, "sasl.password")
	jaas, ok := option(o, "sasl.jaas.config")
	if !ok {
		return user, password, nil
	}
	if user != "" || password != "" {
		return "", "", errors.New("option 'sasl.jaas.config' excludes 'sasl.username' and 'sasl.password'")
	}
	unquote := strings.NewReplacer(`\"`, `"`, `\\`, `\`)
	for _, m := range jaasEntry.FindAllStringSubmatch(jaas, -1) {
		if m[1] == "username" {
			user = unquote.Replace(m[2])
		} else {
			password = unquote.Replace(m[2])
		}
	}
	if user == "" || password == "" {
		return "", "", errors.New(`option 'sasl.jaas.config' has no username="…" password="…"`)
	}
	return user, password, nil
}

type staticToken string

// Token implements sarama.AccessTokenProvider.
func (t staticToken) Token() (*sarama.AccessToken, error) {
	return &sarama.AccessToken{Token: string(t)}, nil
}

// A scramClient is one SCRAM exchange (RFC 5802).
type scramClient struct {
	hash scram.HashGeneratorFcn
	conv *scram.ClientConversation
}

// Begin implements sarama.SCRAMClient.
func (s *scramClient) Begin(user, password, authzID string) error {
	c, err := s.hash.NewClient(user, password, authzID)
	if err != nil {
		return errors.New("the user name or password has characters that SCRAM does not allow")
	}
	s.conv = c.NewConversation()
	return nil
}

// Step implements sarama.SCRAMClient.
func (s *scramClient) Step(challenge string) (string, error) { return s.conv.Step(challenge) }

// Done implements sarama.SCRAMClient.
func (s *scramClient) Done() bool { return s.conv.Done() }
