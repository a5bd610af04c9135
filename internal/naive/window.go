package naive

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
)

func (e *evaluation) window(w *logical.Window, params Row) ([]Row, error) {
	in, err := e.rows(w.Input, params)
	if err != nil {
		return nil, err
	}
	var out []Row
	for _, part := range partitions(in, w.Partition) {
		part = sorted(part, w.Keys)
		for i, r := range part {
			row := slices.Clone(r)
			for _, c := range w.Calls {
				v, err := e.over(c, w.Keys, part, i, params)
				if err != nil {
					return nil, err
				}
				row = append(row, v)
			}
			out = append(out, row)
		}
	}
	return out, nil
}

// over computes a call for row i of a sorted partition.
func (e *evaluation) over(c logical.WindowCall, keys []logical.SortKey, part []Row, i int, params Row) (any, error) {
	number, rank, dense := ranks(part, keys)
	n := int64(len(part))
	args, err := e.values(c.Args, part[i], params)
	if err != nil {
		return nil, err
	}
	switch c.Name {
	case "row_number":
		return number[i], nil
	case "rank":
		return rank[i], nil
	case "dense_rank":
		return dense[i], nil
	case "percent_rank":
		if n == 1 {
			return 0.0, nil
		}
		return float64(rank[i]-1) / float64(n-1), nil
	case "cume_dist":
		upTo := 0
		for _, r := range part {
			if compareBy(keys, r, part[i]) <= 0 {
				upTo++
			}
		}
		return float64(upTo) / float64(n), nil
	case "ntile":
		return ntile(args[0], int64(i), n)
	case "lag", "lead":
		return e.shifted(c, part, i, args, params)
	}
	return e.framed(c, keys, part, i, args, params)
}

// ntile counts rows into groups, the larger ones first.
func ntile(groups any, i, n int64) (any, error) {
	if groups == nil {
		return nil, nil
	}
	k := groups.(int64)
	if k < 1 {
		return nil, errors.New("ntile takes a number of groups from 1 on")
	}
	for g := int64(1); ; g++ {
		size := n / k
		if g <= n%k {
			size++
		}
		if i < size {
			return g, nil
		}
		i -= size
	}
}

func (e *evaluation) shifted(c logical.WindowCall, part []Row, i int, args, params Row) (any, error) {
	by := int64(1)
	if len(args) > 1 {
		if args[1] == nil {
			return nil, nil
		}
		if by = args[1].(int64); by < 0 {
			return nil, errors.New("an offset from 0 on")
		}
	}
	step := 1
	if c.Name == "lag" {
		step = -1
	}
	for at := i; at >= 0 && at < len(part); at += step {
		v, err := e.value(c.Args[0], part[at], params)
		if err != nil {
			return nil, err
		}
		if c.IgnoreNulls && v == nil && by > 0 {
			continue
		}
		if at == i && c.IgnoreNulls && by > 0 { // the row itself is not counted
			continue
		}
		if by == 0 || c.IgnoreNulls && by == 1 {
			return v, nil
		}
		by--
	}
	if len(args) > 2 {
		return args[2], nil
	}
	return nil, nil
}

// framed computes a call over the rows of its frame.
func (e *evaluation) framed(c logical.WindowCall, keys []logical.SortKey, part []Row, i int, args, params Row) (any, error) {
	var frame []Row
	for at := range part {
		in, err := e.inFrame(c.Frame, keys, part, i, at, params)
		if err != nil {
			return nil, err
		}
		if in {
			frame = append(frame, part[at])
		}
	}
	switch c.Name {
	case "first_value", "last_value", "nth_value":
		nth := int64(1)
		if c.Name == "nth_value" {
			if args[1] == nil {
				return nil, nil
			}
			if nth = args[1].(int64); nth < 1 {
				return nil, errors.New("a position from 1 on")
			}
		}
		if c.Name == "last_value" {
			slices.Reverse(frame)
		}
		for _, r := range frame {
			v, err := e.value(c.Args[0], r, params)
			if err != nil {
				return nil, err
			}
			if c.IgnoreNulls && v == nil {
				continue
			}
			if nth--; nth == 0 {
				return v, nil
			}
		}
		return nil, nil
	}
	if c.Func == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, c.Name)
	}
	return e.call(logical.Call{Func: c.Func, Bind: c.Bind, Args: c.Args, Distinct: c.Distinct, Order: c.Order, Filter: c.Filter}, frame, params)
}

// inFrame reports that row at lies in the frame of row i.
func (e *evaluation) inFrame(f logical.Frame, keys []logical.SortKey, part []Row, i, at int, params Row) (bool, error) {
	place, own := int64(at), int64(i)
	if f.Unit != logical.Rows { // groups of peers
		if e.steps += len(part); e.steps > patience {
			return false, ErrLong
		}
		_, _, dense := ranks(part, keys)
		place, own = dense[at], dense[i]
	}
	for _, end := range []struct {
		bound logical.FrameBound
		sign  int64 // which way from the end the frame lies
	}{{f.From, 1}, {f.To, -1}} {
		b := end.bound
		switch {
		case b.Kind == logical.UnboundedPreceding, b.Kind == logical.UnboundedFollowing:
			if (b.Kind == logical.UnboundedPreceding) != (end.sign > 0) {
				return false, nil
			}
			continue
		case b.At != nil:
			in, err := e.within(f, b, keys[0].Desc, part, i, at, end.sign, params)
			if err != nil || !in {
				return false, err
			}
			continue
		}
		limit := own
		switch b.Kind {
		case logical.Preceding:
			limit -= b.Offset.Value.(int64)
		case logical.Following:
			limit += b.Offset.Value.(int64)
		}
		if (place-limit)*end.sign < 0 {
			return false, nil
		}
	}
	return true, nil
}

// within reports that the key of row at lies on the frame's side of a distance from that
// of row i. A NULL has its peers in the place of a distance.
func (e *evaluation) within(f logical.Frame, b logical.FrameBound, desc bool, part []Row, i, at int, sign int64, params Row) (bool, error) {
	own, err := e.value(f.Key, part[i], params)
	if err != nil {
		return false, err
	}
	key, err := e.value(f.Key, part[at], params)
	if err != nil {
		return false, err
	}
	limit := own
	if own != nil {
		if limit, err = e.value(b.At, part[i], params); err != nil {
			return false, err
		}
	}
	c := int64(Compare(key, limit))
	if desc {
		c = -c
	}
	return c*sign >= 0, nil
}
