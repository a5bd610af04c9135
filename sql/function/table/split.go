package table

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

var parts = []types.Field{{Name: "value", Type: types.Of(types.Varchar), NotNull: true}}

// StringSplit is STRING_SPLIT(s, separator).
var StringSplit = function.Table{
	Name: "string_split", Aliases: []string{"string_to_table", "split_to_table"},
	Doc: "The parts that a separator divides a text into; empty ones, too. Without a separator, '', the whole text.",
	Examples: []function.TableExample{
		{Call: "string_split('한글 is fun', ' ')", Rows: "한글\nis\nfun"},
		{Call: "string_split('a,,b', ',')", Rows: "a\n\"\"\nb"},
		{Call: "string_split(NULL, ',')", Rows: ""},
	},
	Bind: func(args []types.Type, _ []any) (*function.BoundTable, error) {
		text := types.Of(types.Varchar)
		to, err := taken("string_split", args, 0, text, text)
		if err != nil {
			return nil, err
		}
		return &function.BoundTable{Name: "string_split", Args: to, Columns: parts, Rows: split}, nil
	},
}

func split(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
	if args[0].IsNull(row) || args[1].IsNull(row) {
		return 0, nil
	}
	s, sep := args[0].Bytes(row), args[1].Bytes(row)
	if len(sep) == 0 {
		out[0].AppendBytes(s)
		return 1, nil
	}
	for n := 1; ; n++ {
		at := bytes.Index(s, sep)
		if at < 0 {
			out[0].AppendBytes(s)
			return n, nil
		}
		out[0].AppendBytes(s[:at])
		s = s[at+len(sep):]
	}
}

// RegexpSplit is REGEXP_SPLIT_TO_TABLE(s, pattern).
var RegexpSplit = function.Table{
	Name: "regexp_split_to_table",
	Doc:  "The parts of a text between what fits a regular expression (RE2 syntax); without the empty ones before the first and behind the last. The pattern is a constant.",
	Examples: []function.TableExample{
		{Call: "regexp_split_to_table('To be, or not to be.', '[ ,.]+')", Rows: "To\nbe\nor\nnot\nto\nbe"},
		{Call: "regexp_split_to_table('', ' ')", Rows: ""},
	},
	Bind: func(args []types.Type, constants []any) (*function.BoundTable, error) {
		text := types.Of(types.Varchar)
		to, err := taken("regexp_split_to_table", args, 0, text, text)
		if err != nil {
			return nil, err
		}
		pattern, ok := constants[1].(string)
		if !ok {
			return nil, fmt.Errorf("the pattern of regexp_split_to_table is a constant text")
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fmt.Errorf("the pattern of regexp_split_to_table: %w", err)
		}
		return &function.BoundTable{
			Name: "regexp_split_to_table", Args: to, Columns: parts,
			Rows: func(args []*vec.Vec, row int, out []*vec.Builder) (int, error) {
				if args[0].IsNull(row) {
					return 0, nil
				}
				return splitRegexp(re, args[0].Bytes(row), out[0]), nil
			},
		}, nil
	},
}

func splitRegexp(re *regexp.Regexp, s []byte, out *vec.Builder) int {
	n, from := 0, 0
	for _, m := range re.FindAllIndex(s, -1) {
		if m[0] > from || m[0] == from && from > 0 && m[1] > m[0] {
			out.AppendBytes(s[from:m[0]])
			n++
		}
		from = max(from, m[1])
	}
	if from < len(s) {
		out.AppendBytes(s[from:])
		n++
	}
	return n
}
