package datagen

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sqlstream/sqlstream/connectors"
)

// An order deals rows out to splits: blocks of them in turn, each split with positions of
// its own from 0. Which rows there are does not depend on how many splits there are.
type order struct {
	names []connectors.Split
	block int64
	group int64
}

// stride is prime, so that its multiples visit each row of a group once where the size of
// the group is no multiple of it; Nexmark's generators take the same.
const stride = 953

// mostSplits bounds what a slip of the pen may ask for.
const mostSplits = 10_000

func orderOf(options connectors.Options, block int64) (order, error) {
	splits, err := options.Int("splits", 1)
	if err != nil {
		return order{}, err
	}
	if splits < 1 || splits > mostSplits {
		return order{}, fmt.Errorf("option 'splits' is 1 to %d", mostSplits)
	}
	o := order{block: block}
	if o.group, err = options.Int("out.of.order", 1); err != nil {
		return order{}, err
	}
	if o.group < 1 || o.group%stride == 0 {
		return order{}, fmt.Errorf("option 'out.of.order' is 1 or more and no multiple of %d", stride)
	}
	for i := range splits {
		o.names = append(o.names, connectors.Split(strconv.FormatInt(i, 10)))
	}
	return o, nil
}

// lane is the place of a split among all.
func (o *order) lane(split connectors.Split) (int64, error) {
	i := slices.Index(o.names, split)
	if i < 0 {
		return 0, errors.New("there is no split " + string(split))
	}
	return int64(i), nil
}

// run is the row at a position of a split, and how many follow it one by one at the next
// positions, itself included. Positions of a group are exchanged among themselves.
func (o *order) run(lane, at int64) (first, rows int64) {
	rows = math.MaxInt64
	if o.group > 1 {
		in := at % o.group
		at += in*stride%o.group - in
		rows = 1
	}
	if len(o.names) == 1 {
		return at, rows
	}
	in := at % o.block
	return (at/o.block*int64(len(o.names))+lane)*o.block + in, min(rows, o.block-in)
}

// offsets are the positions behind the rows with numbers below n.
func (o *order) offsets(n int64) connectors.Offsets {
	out := make(connectors.Offsets, len(o.names))
	round := o.block * int64(len(o.names))
	for i, split := range o.names {
		rest := min(max(n%round-int64(i)*o.block, 0), o.block)
		out[split] = connectors.Offset(n/round*o.block + rest)
	}
	return out
}

// beyond reports that there is a row below n that after does not have.
func (o *order) beyond(after connectors.Offsets, n int64) bool {
	for split, end := range o.offsets(n) {
		if at, ok := after[split]; !ok || at < end {
			return true
		}
	}
	return false
}
