package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/kafkatest"
)

// Logins of every mechanism work with the right password, and with a wrong one the
// query fails at once, without showing it.
func TestSASL(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		addr := fake(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "me", secret), kfake.SeedTopics(1, "t")).ListenAddrs()[0]
		good := tweets(addr, "t", "security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", mechanism, "sasl.username", "me", "sasl.password", secret)
		put(t, good, connectors.Append, rows(good, "1 a"))
		same(t, everything(t, open(t, good)), `t/0@0 {"id":1,"body":"a"}`)

		jaas := tweets(addr, "t", "security.protocol", "SASL_PLAINTEXT", "kafka.sasl.mechanism", mechanism,
			"kafka.sasl.jaas.config", `org.apache.kafka.common.security.plain.PlainLoginModule required username="me" password="`+secret+`";`)
		same(t, everything(t, open(t, jaas)), `t/0@0 {"id":1,"body":"a"}`)

		bad := tweets(addr, "t", "security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", mechanism, "sasl.username", "me", "sasl.password", secret+"!")
		n := newNotices()
		_, err := openSource(t.Context(), bad, n.env())
		if err == nil || !strings.Contains(err.Error(), "check sasl.mechanism, sasl.username and sasl.password") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s with a wrong password: %v", mechanism, err)
		}
	}
}

// A chain of certificates for a host, made for one test.
type chain struct {
	root, cert, key string // files
	tls             tls.Certificate
	pool            *x509.CertPool
}

func newChain(t *testing.T, host string) chain {
	t.Helper()
	return newChainUntil(t, host, time.Now().Add(time.Hour))
}

func newChainUntil(t *testing.T, host string, until time.Time) chain {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, rootKey)
	must(err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(err)
	c := chain{
		root: write("root.pem", "CERTIFICATE", rootDER), cert: write("cert.pem", "CERTIFICATE", der), key: write("key.pem", "EC PRIVATE KEY", keyDER),
		tls: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool: x509.NewCertPool(),
	}
	parsed, err := x509.ParseCertificate(rootDER)
	must(err)
	c.pool.AddCert(parsed)
	return c
}

// TLS asks who vouches for the broker and whether it is the host it should be, and
// shows our own certificate where the broker asks for it.
func TestTLS(t *testing.T) {
	server, other, named := newChain(t, "127.0.0.1"), newChain(t, "127.0.0.1"), newChain(t, "elsewhere.example")
	mutual := fake(t, kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{server.tls}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: server.pool,
	}), kfake.SeedTopics(1, "t")).ListenAddrs()[0]
	wrongName := fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{named.tls}}), kfake.SeedTopics(1, "t")).ListenAddrs()[0]
	old := newChainUntil(t, "127.0.0.1", time.Now().Add(-time.Hour))
	mutualOld := fake(t, kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{server.tls}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: old.pool,
	}), kfake.SeedTopics(1, "t")).ListenAddrs()[0]
	expired := fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{old.tls}}), kfake.SeedTopics(1, "t")).ListenAddrs()[0]
	for _, c := range []struct {
		what, addr string
		options    []string
		refused    bool
	}{
		{"mutual", mutual, []string{"ssl.truststore.location", server.root, "ssl.keystore.location", server.cert, "ssl.key.location", server.key}, false},
		{"without our certificate", mutual, []string{"ssl.truststore.location", server.root}, true},
		{"another authority", mutual, []string{"ssl.truststore.location", other.root, "ssl.keystore.location", server.cert, "ssl.key.location", server.key}, true},
		{"the system's authorities", mutual, nil, true},
		{"another host", wrongName, []string{"ssl.truststore.location", named.root}, true},
		{"another host, not minded", wrongName, []string{"ssl.truststore.location", named.root, "ssl.endpoint.identification.algorithm", ""}, false},
		{"another authority, host not minded", wrongName, []string{"ssl.truststore.location", other.root, "ssl.endpoint.identification.algorithm", ""}, true},
		{"expired", expired, []string{"ssl.truststore.location", old.root}, true},
		{"expired, host not minded", expired, []string{"ssl.truststore.location", old.root, "ssl.endpoint.identification.algorithm", ""}, true},
		{"ours has expired", mutualOld, []string{"ssl.truststore.location", server.root, "ssl.keystore.location", old.cert, "ssl.key.location", old.key}, true},
	} {
		table := tweets(c.addr, "t", append(c.options, "security.protocol", "SSL")...)
		s, err := openSource(t.Context(), table, connectors.Env{Notice: func(x string) { t.Log(c.what, x) }})
		if c.refused {
			if err == nil || !strings.Contains(err.Error(), "check security.protocol and the ssl.* options") || strings.Count(err.Error(), "no secure connection") != 1 ||
				strings.HasPrefix(c.what, "expired") && !strings.Contains(err.Error(), "x509: certificate has expired or is not yet valid") {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		_ = s.Close()
		put(t, table, connectors.Append, rows(table, "1 a"))
	}
}

// A real Kafka lets in who has the right password and knows its certificate, and nobody else;
// an error says which of the two it is.
func TestSecurityOnKafka(t *testing.T) {
	kafkatest.Broker(t) // or why there is none
	server := newChain(t, "127.0.0.1")
	keystore := filepath.Join(t.TempDir(), "keystore.pem")
	key, err := x509.MarshalPKCS8PrivateKey(server.tls.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.tls.Certificate[0]})...)
	if err := os.WriteFile(keystore, both, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := kafkatest.StartSecure(t.Context(), t.TempDir(), keystore, "me", secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Stop)
	w := newWriter(t, k.Addr())
	for _, m := range []sarama.ScramMechanismType{sarama.SCRAM_MECHANISM_SHA_256, sarama.SCRAM_MECHANISM_SHA_512} {
		_, err := w.a.UpsertUserScramCredentials([]sarama.AlterUserScramCredentialsUpsert{{Name: "me", Mechanism: m, Iterations: 4096, Salt: []byte("salt"), Password: []byte(secret)}})
		w.must(err)
	}
	topic := w.topic("secure", 1, nil)
	trust := []string{"ssl.truststore.location", server.root}
	login := func(mechanism, password string) []string {
		return []string{"sasl.mechanism", mechanism, "sasl.username", "me", "sasl.password", password}
	}
	refused := func(addr, want string, options ...string) {
		t.Helper()
		_, err := openSource(t.Context(), tweets(addr, topic, options...), connectors.Env{Notice: func(x string) { t.Log(x) }})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s %q: %v", addr, options, err)
		}
	}
	const whichLogin, whichTLS = "check sasl.mechanism, sasl.username and sasl.password", "check security.protocol and the ssl.* options"
	rowsThere := 0
	works := func(addr string, options ...string) {
		t.Helper()
		table := tweets(addr, topic, options...)
		put(t, table, connectors.Append, rows(table, "1 a"))
		rowsThere++
		if got := everything(t, open(t, table)); len(got) != rowsThere {
			t.Errorf("%s %q: %d rows, not %d", addr, options, len(got), rowsThere)
		}
	}
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		plain := []string{"security.protocol", "SASL_PLAINTEXT"}
		secured := slices.Concat([]string{"security.protocol", "SASL_SSL"}, trust)
		works(k.Plain, slices.Concat(plain, login(mechanism, secret))...)
		works(k.TLS, slices.Concat(secured, login(mechanism, secret))...)
		refused(k.Plain, whichLogin, slices.Concat(plain, login(mechanism, secret+"!"))...)
		refused(k.TLS, whichLogin, slices.Concat(secured, login(mechanism, secret+"!"))...)
		refused(k.TLS, whichTLS, slices.Concat([]string{"security.protocol", "SASL_SSL"}, login(mechanism, secret))...)
	}
	works(k.SSL, "security.protocol", "SSL", trust[0], trust[1])
	refused(k.SSL, whichTLS, "security.protocol", "SSL")
	refused(k.SSL, whichTLS, "security.protocol", "SSL", trust[0], newChain(t, "127.0.0.1").root)
}

// A broker that closes the connection at once is waited for, with a hint.
func TestPlainToTLS(t *testing.T) {
	server := newChain(t, "127.0.0.1")
	addr := fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server.tls}}), kfake.SeedTopics(1, "t")).ListenAddrs()[0]
	n := newNotices()
	done := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := openSource(ctx, tweets(addr, "t"), n.env())
		done <- err
	}()
	n.await(t, "check security.protocol")
	cancel()
	<-done
}
