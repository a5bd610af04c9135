package naive

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

func (e *evaluation) aggregate(a *logical.Aggregate, params Row) ([]Row, error) {
	in, err := e.rows(a.Input, params)
	if err != nil {
		return nil, err
	}
	sets := a.Sets
	if sets == nil {
		all := []int{}
		for i := range a.Group {
			all = append(all, i)
		}
		sets = [][]int{all}
	}
	var out []Row
	for _, set := range sets {
		rows, err := e.grouped(a, set, in, params)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// grouped answers one grouping set.
func (e *evaluation) grouped(a *logical.Aggregate, set []int, in []Row, params Row) ([]Row, error) {
	id := int64(0)
	for i := range a.Group {
		if id <<= 1; !slices.Contains(set, i) {
			id |= 1
		}
	}
	at := map[string]int{}
	var keys []Row
	var members [][]Row
	add := func(key Row) int {
		k := exactKey(key)
		if _, ok := at[k]; !ok {
			at[k] = len(keys)
			keys, members = append(keys, key), append(members, nil)
		}
		return at[k]
	}
	if len(set) == 0 {
		add(make(Row, len(a.Group)))
	}
	for _, r := range in {
		key, err := e.values(a.Group, r, params)
		if err != nil {
			return nil, err
		}
		for i := range key {
			if !slices.Contains(set, i) {
				key[i] = nil
			}
		}
		g := add(key)
		members[g] = append(members[g], r)
	}
	var out []Row
	for g, key := range keys {
		row := slices.Clone(key)
		for _, c := range a.Calls {
			v, err := e.call(c, members[g], params)
			if err != nil {
				return nil, err
			}
			row = append(row, v)
		}
		if a.Sets != nil {
			row = append(row, id)
		}
		out = append(out, row)
	}
	return out, nil
}

// call computes one call over the rows of a group.
func (e *evaluation) call(c logical.Call, rows []Row, params Row) (any, error) {
	type item struct{ args, order Row }
	var items []item
	for _, r := range rows {
		if c.Filter != nil {
			ok, err := e.value(c.Filter, r, params)
			if err != nil {
				return nil, err
			}
			if ok != true {
				continue
			}
		}
		args, err := e.values(c.Args, r, params)
		if err != nil {
			return nil, err
		}
		var order Row
		for _, o := range c.Order {
			v, err := e.value(o.Expr, r, params)
			if err != nil {
				return nil, err
			}
			order = append(order, v)
		}
		items = append(items, item{args, order})
	}
	slices.SortStableFunc(items, func(a, b item) int {
		for i, o := range c.Order {
			d := Compare(a.order[i], b.order[i])
			if o.Desc {
				d = -d
			}
			if d != 0 {
				return d
			}
		}
		return CompareRows(a.args, b.args)
	})
	var lists []Row
	seen := map[string]bool{}
	for _, it := range items {
		if k := exactKey(it.args); !c.Distinct || !seen[k] {
			seen[k] = true
			lists = append(lists, it.args)
		}
	}
	return fold(c.Func.Name, c.Bind.Returns, c.Args, lists)
}

// fold computes an aggregate from the arguments of its rows, in their order.
func fold(name string, returns types.Type, args []expr.Expr, rows []Row) (any, error) {
	if name == "count" && len(args) == 0 {
		return int64(len(rows)), nil
	}
	if name == "single_value" {
		switch len(rows) {
		case 0:
			return nil, nil
		case 1:
			return rows[0][1], nil
		}
		return nil, fmt.Errorf("a subquery in the place of a value gave %d rows", len(rows))
	}
	if v, known, err := special(name, args, rows); known {
		return v, err
	}
	var some []Row
	for _, r := range rows {
		if !slices.Contains(r, nil) {
			some = append(some, r)
		}
	}
	if name == "count" || name == "approx_count_distinct" {
		return int64(len(some)), nil
	}
	if len(some) == 0 {
		return nil, nil
	}
	switch name {
	case "min", "max", "any_value":
		out := some[0][0]
		for _, r := range some {
			if c := Compare(r[0], out); c < 0 == (name != "max") && c != 0 {
				out = r[0]
			}
		}
		return out, nil
	case "sum", "avg":
		return total(name, returns, args[0].Type(), some)
	case "group_concat":
		var texts []string
		separator := ","
		for _, r := range some {
			texts = append(texts, r[0].(string))
			if len(r) > 1 {
				separator = r[1].(string)
			}
		}
		return strings.Join(texts, separator), nil
	}
	return nil, fmt.Errorf("%w: aggregate %s", ErrUnknown, name)
}

func total(name string, returns, of types.Type, rows []Row) (any, error) {
	if of.IsFloat() {
		return floats(name, rows), nil
	}
	sum := new(big.Int)
	for _, r := range rows {
		x, ok := whole(r[0])
		if !ok {
			return nil, fmt.Errorf("%w: %s of %s", ErrUnknown, name, of)
		}
		sum.Add(sum, x)
	}
	sum = shifted(sum, scaleOf(returns)-scaleOf(of))
	if name == "avg" { // half away from zero
		n := big.NewInt(int64(len(rows)))
		twice := new(big.Int).Mul(sum, big.NewInt(2))
		half := new(big.Int).Set(n)
		if sum.Sign() < 0 {
			half.Neg(half)
		}
		sum = new(big.Int).Quo(twice.Add(twice, half), n.Mul(n, big.NewInt(2)))
	}
	return fitted(sum, returns)
}

// floats adds up finite numbers exactly; what is not finite decides where there is any.
func floats(name string, rows []Row) float64 {
	sum, odd := new(big.Float).SetPrec(2200), 0.0
	for _, r := range rows {
		if x := r[0].(float64); math.IsNaN(x) || math.IsInf(x, 0) {
			odd += x
		} else {
			sum.Add(sum, new(big.Float).SetFloat64(x))
		}
	}
	if odd != 0 { // of NaN, too
		return odd
	}
	if name == "avg" {
		sum.Quo(sum, big.NewFloat(float64(len(rows))))
	}
	f, _ := sum.Float64()
	return f
}
