package naive

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// special computes an aggregate that is neither a sum nor a count nor an extreme; false
// where it knows none of that name. rows are the arguments in the order of the call.
func special(name string, args []expr.Expr, rows []Row) (v any, known bool, err error) {
	switch name {
	case "first", "last", "arg_min", "arg_max":
		return chosen(name, rows), true, nil
	case "array_agg":
		return listed(args, rows), true, nil
	case "json_arrayagg", "json_objectagg":
		v, err := document(name, args, rows)
		return v, true, err
	}
	var some []Row
	for _, r := range rows {
		if !slices.Contains(r, nil) {
			some = append(some, r)
		}
	}
	switch name {
	case "bit_and", "bit_or", "bit_xor":
		return bits(name, some), true, nil
	case "bool_and", "bool_or", "count_if":
		return conditions(name, some), true, nil
	case "median", "percentile_cont", "percentile_disc":
		v, err := percentile(name, args, some)
		return v, true, err
	case "mode":
		return mostFrequent(some), true, nil
	case "collect_set":
		return listed(args, some), true, nil
	case "var_pop", "var_samp", "stddev_pop", "stddev_samp", "covar_pop", "covar_samp", "corr", "regr_slope", "regr_intercept":
		return statistic(name, args, some), true, nil
	}
	return nil, false, nil
}

// chosen is the first argument of one of the rows.
func chosen(name string, rows []Row) any {
	var best Row
	for _, r := range rows {
		switch {
		case name == "last", best == nil && (name == "first" || r[1] != nil):
			best = r
		case name == "first" || r[1] == nil:
		default:
			c := Compare(r[1], best[1])
			if name == "arg_max" {
				c = -c
			}
			if c < 0 || c == 0 && Compare(r[0], best[0]) < 0 {
				best = r
			}
		}
	}
	if best == nil {
		return nil
	}
	return best[0]
}

// listed is an ARRAY of the first arguments.
func listed(args []expr.Expr, rows []Row) any {
	if len(rows) == 0 {
		return nil
	}
	elem := args[0].Type()
	b := vec.NewBuilder(types.Type{Kind: types.Array, Elem: &elem})
	elems := b.Parts()[0]
	for _, r := range rows {
		expr.AppendLiteral(elems, &expr.Literal{T: elem, Value: r[0]})
	}
	if err := b.EndNested(); err != nil {
		return nil
	}
	return expr.LiteralAt(b.Vec(), 0).Value
}

// document writes JSON; of equal keys the last counts.
func document(name string, args []expr.Expr, rows []Row) (any, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	text := func(i int, v any) string {
		b := vec.NewBuilder(args[i].Type())
		expr.AppendLiteral(b, &expr.Literal{T: args[i].Type(), Value: v})
		return string(vec.AppendJSON(nil, b.Vec(), 0))
	}
	var parts []string
	if name == "json_arrayagg" {
		for _, r := range rows {
			parts = append(parts, text(0, r[0]))
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	}
	for i, r := range rows {
		if r[0] == nil {
			return nil, fmt.Errorf("a key is NULL")
		}
		if i+1 < len(rows) && Compare(r[0], rows[i+1][0]) == 0 {
			continue
		}
		key := text(0, r[0])
		if !strings.HasPrefix(key, `"`) {
			key = `"` + key + `"`
		}
		parts = append(parts, key+": "+text(1, r[1]))
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

func bits(name string, rows []Row) any {
	out := uint64(0)
	if name == "bit_and" {
		out = math.MaxUint64
	}
	for _, r := range rows {
		x, ok := r[0].(uint64)
		if !ok {
			x = uint64(r[0].(int64))
		}
		switch name {
		case "bit_and":
			out &= x
		case "bit_or":
			out |= x
		default:
			out ^= x
		}
	}
	return out
}

func conditions(name string, rows []Row) any {
	yes := 0
	for _, r := range rows {
		if r[0] == true {
			yes++
		}
	}
	switch {
	case name == "count_if":
		return int64(yes)
	case len(rows) == 0:
		return nil
	case name == "bool_and":
		return yes == len(rows)
	}
	return yes > 0
}

func mostFrequent(rows []Row) any {
	var best any
	most, n := 0, 0
	for i, r := range rows {
		if n++; i > 0 && Compare(rows[i-1][0], r[0]) != 0 {
			n = 1
		}
		if n > most {
			best, most = r[0], n
		}
	}
	return best
}

func percentile(name string, args []expr.Expr, rows []Row) (any, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	p := 0.5
	if name != "median" {
		if p = rows[0][1].(float64); !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("no fraction: %v", p)
		}
	}
	if name == "percentile_disc" {
		for i, r := range rows {
			if float64(i+1) >= p*float64(len(rows)) {
				return r[0], nil
			}
		}
		return rows[len(rows)-1][0], nil
	}
	place := p * float64(len(rows)-1)
	low := int(place)
	x, _ := ratio(args[0].Type(), rows[low][0]).Float64()
	if part := place - float64(low); part > 0 {
		y, _ := ratio(args[0].Type(), rows[low+1][0]).Float64()
		x = x*(1-part) + y*part
	}
	return x, nil
}

// ratio is a number, exactly; nil for one that is not finite.
func ratio(t types.Type, v any) *big.Rat {
	if f, ok := v.(float64); ok {
		return new(big.Rat).SetFloat64(f)
	}
	x, _ := whole(v)
	return new(big.Rat).SetFrac(x, shifted(big.NewInt(1), scaleOf(t)))
}

// statistic computes a variance and what comes of it by the definitions: from the
// distances to the means.
func statistic(name string, args []expr.Expr, rows []Row) any {
	n := int64(len(rows))
	if n == 0 {
		return nil
	}
	columns := make([][]*big.Rat, len(args))
	means := make([]*big.Rat, len(args))
	for c := range args {
		means[c] = new(big.Rat)
		for _, r := range rows {
			x := ratio(args[c].Type(), r[c])
			if x == nil {
				return math.NaN()
			}
			columns[c] = append(columns[c], x)
			means[c].Add(means[c], x)
		}
		means[c].Quo(means[c], big.NewRat(n, 1))
	}
	spread := func(a, b int) *big.Rat {
		sum := new(big.Rat)
		for i := range rows {
			x, y := new(big.Rat).Sub(columns[a][i], means[a]), new(big.Rat).Sub(columns[b][i], means[b])
			sum.Add(sum, x.Mul(x, y))
		}
		return sum
	}
	by := n
	if strings.HasSuffix(name, "_samp") {
		if by--; by == 0 {
			return nil
		}
	}
	float := func(r *big.Rat) float64 { f, _ := r.Float64(); return f }
	switch name {
	case "var_pop", "var_samp":
		return float(new(big.Rat).Quo(spread(0, 0), big.NewRat(by, 1)))
	case "stddev_pop", "stddev_samp":
		return math.Sqrt(float(new(big.Rat).Quo(spread(0, 0), big.NewRat(by, 1))))
	case "covar_pop", "covar_samp":
		return float(new(big.Rat).Quo(spread(0, 1), big.NewRat(by, 1)))
	case "corr":
		x, y := spread(0, 0), spread(1, 1)
		if x.Sign() == 0 || y.Sign() == 0 {
			return nil
		}
		return float(spread(0, 1)) / math.Sqrt(float(x)) / math.Sqrt(float(y))
	}
	x := spread(1, 1)
	if x.Sign() == 0 {
		return nil
	}
	slope := new(big.Rat).Quo(spread(0, 1), x)
	if name == "regr_slope" {
		return float(slope)
	}
	return float(new(big.Rat).Sub(means[0], slope.Mul(slope, means[1])))
}
