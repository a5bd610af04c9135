package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/sqlstream/sqlstream/connectors"
)

// Brokers of older releases are spoken to as they understand.
func TestVersions(t *testing.T) {
	for name, v := range map[string]*kversion.Versions{
		"2.4": kversion.V2_4_0(), "2.8": kversion.V2_8_0(), "3.5": kversion.V3_5_0(), "3.9": kversion.V3_9_0(), "4.0": kversion.V4_0_0(),
	} {
		t.Run(name, func(t *testing.T) {
			table := tweets(fake(t, kfake.MaxVersions(v)).ListenAddrs()[0], "t", "auto.create", "true", "key.fields", "id")
			put(t, table, connectors.Append, rows(table, "1 a"), rows(table, "2 b"))
			s := open(t, table)
			same(t, everything(t, s), `t/0@0 {"id":1}={"id":1,"body":"a"}`, `t/0@1 {"id":2}={"id":2,"body":"b"}`)
			if err := s.Wait(t.Context(), connectors.Offsets{"t/0": 1}); err != nil {
				t.Error(err)
			}
		})
	}
}
