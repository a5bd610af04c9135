package format_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
	"github.com/sqlstream/sqlstream/sql"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/zset"
)

var kinds = map[string]types.Kind{
	"BOOLEAN": types.Boolean, "TINYINT": types.TinyInt, "SMALLINT": types.SmallInt, "INT": types.Int, "BIGINT": types.BigInt,
	"UTINYINT": types.UTinyInt, "USMALLINT": types.USmallInt, "UINT": types.UInt, "UBIGINT": types.UBigInt,
	"FLOAT": types.Float, "DOUBLE": types.Double, "DECIMAL": types.Decimal, "VARCHAR": types.Varchar, "BINARY": types.Binary,
	"DATE": types.Date, "TIME": types.Time, "TIMESTAMP": types.Timestamp, "TIMESTAMP_LTZ": types.Timestamp, "JSON": types.JSON,
}

var columnText = regexp.MustCompile(`^(\w+) ([A-Z_]+)(?:\((\d+)(?:,(\d+))?\))?( NOT NULL)?(?: METADATA FROM '([\w-]+)')?$`)

// parseTable makes a table of columns such as "id BIGINT; d DECIMAL(10,2) NOT NULL",
// and options such as "json.path.id=$.a".
func parseTable(columns string, options ...string) (*connectors.Table, error) {
	t := &connectors.Table{Name: "t", Options: connectors.Options{}}
	for _, text := range strings.Split(columns, ";") {
		name, nested, _ := strings.Cut(strings.TrimSpace(text), " ")
		if strings.Contains(nested, "<") {
			typ, err := sql.ParseType(nested)
			if err != nil {
				return nil, err
			}
			t.Columns = append(t.Columns, connectors.Column{Field: types.Field{Name: name, Type: typ}})
			continue
		}
		m := columnText.FindStringSubmatch(strings.TrimSpace(text))
		if m == nil {
			return nil, fmt.Errorf("%q is not a column", text)
		}
		kind, ok := kinds[m[2]]
		if !ok {
			return nil, fmt.Errorf("%q is not a type", m[2])
		}
		typ := types.Of(kind)
		typ.Zoned = m[2] == "TIMESTAMP_LTZ"
		first, _ := strconv.Atoi(m[3])
		second, _ := strconv.Atoi(m[4])
		switch {
		case m[3] == "":
		case kind == types.Decimal:
			typ = types.DecimalOf(first, second)
		case kind == types.Timestamp || kind == types.Time:
			typ.Precision = first
		default:
			typ.Length = first
		}
		t.Columns = append(t.Columns, connectors.Column{
			Field: types.Field{Name: m[1], Type: typ, NotNull: m[5] != ""}, Metadata: m[6],
		})
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		t.Options[connectors.Canonical(name)] = value
	}
	return t, nil
}

func mustTable(columns string, options ...string) *connectors.Table {
	t, err := parseTable(columns, options...)
	if err != nil {
		panic(err)
	}
	return t
}

func everyColumn(t *connectors.Table) []int {
	out := make([]int, len(t.Columns))
	for i := range out {
		out[i] = i
	}
	return out
}

// records numbers values as a topic does.
func records(values ...[]byte) []connectors.Record {
	out := make([]connectors.Record, len(values))
	for i, v := range values {
		out[i] = connectors.Record{Split: "people/3", Offset: connectors.Offset(100 + i), Value: v}
	}
	return out
}

// decode reads records and gives the rows, and below them what was bad.
func decode(f format.Format, spec format.DecodeSpec, recs []connectors.Record) (string, error) {
	dec, err := f.NewDecoder(spec)
	if err != nil {
		return "", err
	}
	b := zset.NewBuilder(spec.Table.Schema().Project(spec.Columns))
	bad, err := dec.Decode(recs, b)
	out := b.Build().String()
	for i := range bad {
		out += "bad: " + bad[i].Error() + "\n"
	}
	return out, err
}
