package kafka

import (
	"errors"

	"github.com/sqlstream/sqlstream/connectors"
)

// guarantees are the values of delivery.guarantee.
var guarantees = []string{"exactly-once", "at-least-once", "none"}

// asked returns what a table asks for, "" for nothing.
func asked(o connectors.Options) (string, error) {
	ours, flinks := o.Get("delivery.guarantee"), o.Get("sink.delivery-guarantee")
	if ours != "" && flinks != "" && ours != flinks {
		return "", errors.New("options 'delivery.guarantee' and 'sink.delivery-guarantee' are the same, and have two values")
	}
	if ours == "" {
		ours = flinks
	}
	return ours, nil
}

// guarantee is Connector.Guarantee.
func guarantee(t *connectors.Table, durable bool) connectors.Guarantee {
	switch g, _ := asked(t.Options); {
	case g == "none":
		return connectors.NoGuarantee
	case g == "exactly-once", g == "" && durable:
		return connectors.ExactlyOnce
	}
	return connectors.AtLeastOnce
}
