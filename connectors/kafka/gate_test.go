package kafka

import (
	"net"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A gate stands before a broker in the process and can cut it off.
type gate struct {
	mu    sync.Mutex
	down  bool
	mute  bool // the next answer is lost, and its connection with it
	conns map[*gateConn]bool
}

// gated starts a broker behind a gate.
func gated(t testing.TB, opts ...kfake.Opt) (*kfake.Cluster, *gate) {
	t.Helper()
	g := &gate{conns: map[*gateConn]bool{}}
	c := fake(t, append(opts, kfake.ListenFn(func(network, addr string) (net.Listener, error) {
		l, err := net.Listen(network, addr)
		return &gateListener{l, g}, err
	}))...)
	return c, g
}

// cut ends all connections and refuses new ones, until it is lifted.
func (g *gate) cut(down bool) {
	g.mu.Lock()
	g.down = down
	conns := g.conns
	if down {
		g.conns = map[*gateConn]bool{}
	}
	g.mu.Unlock()
	if down {
		for c := range conns {
			_ = c.Conn.Close()
		}
	}
}

// lose makes the next answer of the broker disappear.
func (g *gate) lose() {
	g.mu.Lock()
	g.mute = true
	g.mu.Unlock()
}

type gateListener struct {
	net.Listener
	g *gate
}

func (l *gateListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.g.mu.Lock()
		down := l.g.down
		gc := &gateConn{c, l.g}
		if !down {
			l.g.conns[gc] = true
		}
		l.g.mu.Unlock()
		if !down {
			return gc, nil
		}
		_ = c.Close()
	}
}

type gateConn struct {
	net.Conn
	g *gate
}

func (c *gateConn) Write(b []byte) (int, error) {
	c.g.mu.Lock()
	mute := c.g.mute
	c.g.mute = false
	c.g.mu.Unlock()
	if mute {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}
