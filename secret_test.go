package sqlstream_test

import (
	"strings"
	"testing"
)

// Secrets are shown nowhere, however their names and values are written: not by SHOW
// CREATE, and not in the line that an error quotes.
func TestSecretsAreNotShown(t *testing.T) {
	for _, option := range []string{
		`'sasl.password' = 'hunter2'`,
		`'kafka.sasl.password'='hunter2'`,
		`sasl_password = hunter2`,
		"`sasl.password` = 'hunter2'",
		`"SASL.password" = 'it''s hunter2'`,
		`kafka.sasl.password = 'back\'s hunter2'`,
		`'ssl.keystore.key' = 'hunter2'`,
		`'sasl.jaas.config' = 'username="u" password="hunter2"'`,
		`'sasl.oauthbearer.token' = 'hunter2'`,
		`'sasl.password' = -12345`,
	} {
		db := opened(t)
		const head = "CREATE TABLE s (a INT) WITH (connector = 'kafka', topic = 'x', format = 'json', 'bootstrap.servers' = '127.0.0.1:1', "
		exec(t, db, head+option+", 'kafka.client.id' = 'c')")
		shown := ask(t, db, "SHOW CREATE TABLE s")
		if strings.Contains(shown, "hunter2") || strings.Contains(shown, "12345") || !strings.Contains(shown, "'***', 'kafka.client.id' = 'c')") {
			t.Errorf("%s is shown as %s", option, shown)
		}
		if strings.Contains(option, "= hunter2") || strings.Contains(option, "-12345") {
			continue // a password is text: only quoted ones are looked for
		}
		err := db.Exec(t.Context(), head+option+", nothing = 1)")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", option, err)
		}
	}
}
