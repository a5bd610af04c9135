package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"

	"github.com/IBM/sarama"
)

// A pool keeps connections to brokers. A connection serves one request at a
// time, so whoever asks has one for itself until the answer is there.
type pool struct {
	conf *sarama.Config

	mu     sync.Mutex
	idle   map[string][]*conn
	closed bool
}

// A conn is a connection that sarama has opened and logged in on. Requests go through
// sarama, but for those that have a method here, which read and write the stream under it.
type conn struct {
	*sarama.Broker
	conf        *sarama.Config
	raw         net.Conn // with TLS where there is TLS
	version     int16    // of fetches; 0 where not known yet
	correlation int32    // of the last of our own requests
}

func newPool(conf *sarama.Config) *pool {
	return &pool{conf: conf, idle: map[string][]*conn{}}
}

// take returns an idle connection, or a new one that is open.
func (p *pool) take(addr string) (b *conn, used bool, err error) {
	p.mu.Lock()
	list := p.idle[addr]
	if n := len(list); n > 0 {
		b, p.idle[addr] = list[n-1], list[:n-1]
	}
	p.mu.Unlock()
	if b != nil {
		return b, true, nil
	}
	b, err = p.dial(addr)
	return b, false, err
}

func (p *pool) dial(addr string) (*conn, error) {
	c := &conn{Broker: sarama.NewBroker(addr), conf: p.conf}
	own := *p.conf
	own.Net.TLS.Enable, own.Net.TLS.Config = false, nil // it is for us to do
	own.Net.Proxy.Enable, own.Net.Proxy.Dialer = true, c
	if err := c.Open(&own); err != nil {
		return nil, err
	}
	if ok, err := c.Connected(); err != nil || !ok {
		return nil, &dialError{errors.Join(err, closeBroker(c))}
	}
	return c, nil
}

// Dial connects for sarama, and keeps what it connects.
func (c *conn) Dial(network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: c.conf.Net.DialTimeout, KeepAlive: c.conf.Net.KeepAlive}
	raw, err := d.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	if c.conf.Net.TLS.Enable {
		secure := c.conf.Net.TLS.Config.Clone()
		secure.ServerName, _, _ = net.SplitHostPort(addr) // it was dialled, so it has that form
		raw = tls.Client(raw, secure)
	}
	c.raw = raw
	return raw, nil
}

// closeBroker closes what may be closed already.
func closeBroker(b *conn) error {
	if err := b.Close(); !errors.Is(err, sarama.ErrNotConnected) {
		return err
	}
	return nil
}

// A dialError is the failure of a connection before the first request.
type dialError struct{ error }

// Unwrap gives the cause.
func (e *dialError) Unwrap() error { return e.error }

// give takes a connection back, and drops it when its last request failed below
// Kafka's own error codes.
func (p *pool) give(b *conn, err error) {
	var code sarama.KError
	p.mu.Lock()
	keep := !p.closed && (err == nil || errors.As(err, &code))
	if keep {
		p.idle[b.Addr()] = append(p.idle[b.Addr()], b)
	}
	p.mu.Unlock()
	if !keep {
		_ = closeBroker(b) // it is broken or not wanted any more
	}
}

// forget closes the idle connections to a broker: one that failed tells of the rest.
func (p *pool) forget(addr string) {
	p.mu.Lock()
	list := p.idle[addr]
	delete(p.idle, addr)
	p.mu.Unlock()
	for _, b := range list {
		_ = closeBroker(b)
	}
}

// close closes what is idle, and later what is still in use.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	all := p.idle
	p.idle = map[string][]*conn{}
	p.mu.Unlock()
	for _, list := range all {
		for _, b := range list {
			_ = closeBroker(b)
		}
	}
}

// call makes one request on a connection of its own and waits for the answer or
// the end of ctx; an answer that nobody waits for any more is dropped. A connection
// that had been idle may have been closed by the broker: the request then goes out
// again on a new one, so it must be one that may be repeated.
func call[T any](ctx context.Context, p *pool, addr string, request func(*sarama.Broker) (T, error)) (T, error) {
	return exchange(ctx, p, addr, true, func(c *conn) (T, error) { return request(c.Broker) })
}

// callOnce is call for a request that goes out once and no more.
func callOnce[T any](ctx context.Context, p *pool, addr string, request func(*sarama.Broker) (T, error)) (T, error) {
	return exchange(ctx, p, addr, false, func(c *conn) (T, error) { return request(c.Broker) })
}

func exchange[T any](ctx context.Context, p *pool, addr string, again bool, request func(*conn) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		for {
			b, used, err := p.take(addr)
			if err != nil {
				done <- answer{err: err}
				return
			}
			v, err := request(b)
			p.give(b, err)
			if used && unreachable(err) {
				p.forget(addr)
				if again {
					continue
				}
			}
			done <- answer{v, err}
			return
		}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
