//go:build faultpoint

package faultpoint

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Env is the variable that says what happens where.
const Env = "SQLSTREAM_FAULTPOINT"

type order struct {
	left   int
	action string
}

var (
	mu     sync.Mutex
	orders = read(os.Getenv(Env))
)

// read takes "point:n:action" items; a point may itself hold no colon.
func read(text string) map[string]*order {
	out := map[string]*order{}
	for item := range strings.SplitSeq(text, ",") {
		if item == "" {
			continue
		}
		parts := strings.Split(item, ":")
		n := 0
		if len(parts) == 3 {
			n, _ = strconv.Atoi(parts[1])
		}
		if n < 1 {
			panic(fmt.Sprintf("%s: %q is not point:n:action", Env, item))
		}
		out[parts[0]] = &order{n, parts[2]}
	}
	return out
}

// At passes a point.
func At(point string) {
	mu.Lock()
	o := orders[point]
	if o == nil {
		mu.Unlock()
		return
	}
	o.left--
	now := o.left == 0
	mu.Unlock()
	if !now {
		return
	}
	switch o.action {
	case "die":
		die()
	case "soon":
		time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, die)
	case "say":
		fmt.Fprintln(os.Stderr, "faultpoint", point)
	default:
		panic("faultpoint " + point + ": there is no action " + o.action)
	}
}

// die ends the process as a crash does: nothing is closed, flushed or said.
func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // the signal is on its way
}
