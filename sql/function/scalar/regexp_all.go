package scalar

import (
	"fmt"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/vec"
)

// RegexpExtractAll is REGEXP_EXTRACT_ALL(s, pattern[, group]).
var RegexpExtractAll = function.Scalar{
	Name: "regexp_extract_all", Category: ofNested,
	Doc: "All matches of a regular expression (RE2 syntax) in a text, or what a group in brackets matched in each, counted from 1, as an array.",
	Examples: []function.Example{
		{Expr: "regexp_extract_all('a1 b22', '[0-9]+')", Value: `["1", "22"]`},
		{Expr: "regexp_extract_all('a=1, b=2', '(\\\\w)=(\\\\w)', 1)", Value: `["a", "b"]`},
		{Expr: "regexp_extract_all('abc', NULL)", Value: "NULL"},
	},
	Overloads: []function.Overload{
		{Args: function.Params(function.Text, function.Text), Returns: function.Always(arrayOf(function.Text)), Eval: regexpExtractAll},
		{Args: function.Params(function.Text, function.Text, function.Int), Returns: function.Always(arrayOf(function.Text)), Eval: regexpExtractAll},
	},
}

func regexpExtractAll(c *function.Call, args []*vec.Vec) (*vec.Vec, error) {
	var p patterns
	return function.Built(func(_ *function.Call, out *vec.Builder, args []*vec.Vec, row int) error {
		re, err := p.get(args[1].Str(row), "")
		if err != nil {
			return err
		}
		group := int64(0)
		if len(args) > 2 {
			group = intAt(args, 2, row)
		}
		if group < 0 || group > int64(re.NumSubexp()) {
			return fmt.Errorf("the pattern has %d groups, there is no group %d", re.NumSubexp(), group)
		}
		s, elems := args[0].Bytes(row), out.Parts()[0]
		for _, at := range re.FindAllSubmatchIndex(s, -1) {
			if from := at[2*group]; from >= 0 {
				elems.AppendBytes(s[from:at[2*group+1]])
			} else {
				elems.AppendNull()
			}
		}
		return out.EndNested()
	})(c, args)
}
