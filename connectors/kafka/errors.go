package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/IBM/sarama"
)

var errNoLeader = errors.New("it has no leader at the moment")

// unreachable says that a broker was not there, or went away before it answered.
func unreachable(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, sarama.ErrNotConnected) ||
		errors.Is(err, sarama.ErrClosedClient) || errors.Is(err, sarama.ErrBrokerNotFound)
}

// refused says that a broker will not let us in, however often we ask.
func refused(err error) bool {
	var alert *net.OpError
	var verify *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	// crypto/tls wraps the other side's alerts so, in a type of its own.
	return errors.As(err, &alert) && alert.Op == "remote error" || errors.As(err, &verify) || errors.As(err, &header) || errors.As(err, &authority) || errors.As(err, &invalid) ||
		errors.Is(err, sarama.ErrSASLAuthenticationFailed) || errors.Is(err, sarama.ErrUnsupportedSASLMechanism) ||
		errors.Is(err, sarama.ErrIllegalSASLState)
}

// passing says that the same request may succeed later: the broker was away, or
// the cluster is about to change its mind about leaders.
func passing(err error) bool {
	if errors.Is(err, errNoLeader) || errors.Is(err, errAway) {
		return true
	}
	var code sarama.KError
	if errors.As(err, &code) {
		switch code {
		case sarama.ErrUnknownTopicOrPartition, sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition,
			sarama.ErrRequestTimedOut, sarama.ErrBrokerNotAvailable, sarama.ErrReplicaNotAvailable, sarama.ErrNetworkException,
			sarama.ErrOffsetsLoadInProgress, sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrNotCoordinatorForConsumer,
			sarama.ErrNotEnoughReplicas, sarama.ErrNotEnoughReplicasAfterAppend, sarama.ErrNotController,
			sarama.ErrKafkaStorageError, sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch,
			sarama.ErrOffsetNotAvailable, sarama.ErrThrottlingQuotaExceeded, unknownTopicID:
			return true
		}
		return false
	}
	return unreachable(err) && !refused(err)
}

// unknownTopicID is what a broker says that has not yet heard of a new topic.
const unknownTopicID sarama.KError = 100

// An explanation is an error that says what the user can do about it.
type explanation struct{ error }

// Unwrap returns the error that is explained.
func (e *explanation) Unwrap() error { return e.error }

// explained adds to an error what the user can do about it, once.
func (c *cluster) explained(err error) error {
	var dial *dialError
	var already *explanation
	switch {
	case errors.As(err, &already):
		return err
	case errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		return &explanation{fmt.Errorf("the broker refuses the login (%w); check sasl.mechanism, sasl.username and sasl.password", err)}
	case refused(err):
		return &explanation{fmt.Errorf("no secure connection to the broker: %w; check security.protocol and the ssl.* options", err)}
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return &explanation{fmt.Errorf("this user may not do that: %w", err)}
	case errors.Is(err, sarama.ErrDecompressedBatchTooLarge):
		return &explanation{fmt.Errorf("%w; option 'max.batch.bytes' allows more, or its producer must write smaller batches", err)}
	case errors.As(err, &dial) && errors.Is(err, io.EOF):
		if c.client.Net.SASL.Enable {
			return errors.New("the broker closes the connection while we log in; check sasl.mechanism, sasl.username and sasl.password, and security.protocol")
		}
		return errors.New("the broker closes the connection at once; check security.protocol")
	}
	return err
}

// A retry repeats what failed for a reason that passes, until it works or ctx ends.
type retry struct {
	c    *cluster
	what string // "reading tweet/3"
	n    int
}

// attemptsUntilSaid is how often something fails before the user hears of it: a
// leader that moves is found before, in less than a tenth of a second.
const attemptsUntilSaid = 6

// pause waits before the next attempt. It returns the error itself where another
// attempt is useless.
func (r *retry) pause(ctx context.Context, err error) error {
	d, err := r.judge(ctx, err)
	if err != nil {
		return err
	}
	return sleep(ctx, d)
}

// judge returns how long to wait before the next attempt, or the error where that
// is useless, and asks the cluster who leads now.
func (r *retry) judge(ctx context.Context, err error) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if !passing(err) {
		return 0, r.c.explained(err)
	}
	r.n++
	if r.n == attemptsUntilSaid && !errors.Is(err, errAway) {
		r.c.say(r.what, fmt.Sprintf("%s fails at the moment: %v; trying on", r.what, r.c.explained(err)))
	}
	if err := r.c.refresh(ctx); err != nil && !passing(err) {
		return 0, err
	}
	if r.n == 1 {
		return 0, nil
	}
	return min(5*time.Millisecond<<min(r.n, 16), r.c.backoff), nil
}

// done says so when what the user heard about works again.
func (r *retry) done() {
	if r.n > 0 {
		r.n = 0
		r.c.over(r.what, r.what+" works again")
		r.c.answered()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errNoServers = errors.New("option 'bootstrap.servers' is missing: it names brokers to ask first, as '127.0.0.1:9092'")
