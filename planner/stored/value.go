package stored

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

func integer(i int64) number { return number(strconv.FormatInt(i, 10)) }

// text writes a string. One that is not valid UTF-8, which JSON does not have, is written as
// its bytes.
func text(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return object{{"base64", base64.StdEncoding.EncodeToString([]byte(s))}}
}

// readText reads what text wrote.
func readText(x any) (string, error) {
	switch x := x.(type) {
	case string:
		return x, nil
	case map[string]any:
		s, ok := x["base64"].(string)
		if !ok || len(x) != 1 {
			break
		}
		b, err := base64.StdEncoding.DecodeString(s)
		return string(b), err
	}
	return "", fmt.Errorf("a text is needed, not %s", describe(x))
}

// constant writes the value of a literal with the word for how it is kept in memory.
func constant(x any) (any, error) {
	switch v := x.(type) {
	case nil:
		return nil, nil
	case bool:
		return object{{"bool", v}}, nil
	case int64:
		return object{{"int", integer(v)}}, nil
	case uint64:
		return object{{"uint", number(strconv.FormatUint(v, 10))}}, nil
	case float64:
		return object{{"float", strconv.FormatFloat(v, 'g', -1, 64)}}, nil
	case types.DecimalValue:
		return object{{"decimal", v.BigInt().String()}}, nil
	case vec.IntervalValue:
		return object{{"months", integer(v.Months)}, {"micros", integer(v.Micros)}}, nil
	case string:
		return object{{"text", text(v)}}, nil
	}
	return nil, fmt.Errorf("there is no form for a constant %T", x)
}

// readConstant reads what constant wrote.
func readConstant(x any) (any, error) {
	if x == nil {
		return nil, nil
	}
	m, ok := x.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a constant is needed, not %s", describe(x))
	}
	if months, ok := m["months"]; ok && len(m) == 2 {
		var v vec.IntervalValue
		var err, also error
		v.Months, err = readInt(months)
		v.Micros, also = readInt(m["micros"])
		return v, errors.Join(err, also)
	}
	if len(m) != 1 {
		return nil, fmt.Errorf("a constant is needed, not %s", describe(x))
	}
	for word, v := range m {
		return readWord(word, v)
	}
	return nil, nil
}

func readWord(word string, x any) (any, error) {
	switch word {
	case "bool":
		if b, ok := x.(bool); ok {
			return b, nil
		}
	case "int":
		return readInt(x)
	case "uint":
		if n, ok := x.(json.Number); ok {
			return strconv.ParseUint(n.String(), 10, 64)
		}
	case "float":
		if s, ok := x.(string); ok {
			return strconv.ParseFloat(s, 64)
		}
	case "decimal":
		if s, ok := x.(string); ok {
			return readDecimal(s)
		}
	case "text":
		return readText(x)
	default:
		return nil, fmt.Errorf("there are no constants of the kind %q", word)
	}
	return nil, fmt.Errorf("a constant %s cannot be %s", word, describe(x))
}

func readInt(x any) (int64, error) {
	n, ok := x.(json.Number)
	if !ok {
		return 0, fmt.Errorf("a number is needed, not %s", describe(x))
	}
	return strconv.ParseInt(n.String(), 10, 64)
}

func readDecimal(s string) (any, error) {
	if len(s) > 64 {
		return nil, errors.New("a DECIMAL has too many digits")
	}
	n, ok := new(big.Int).SetString(s, 10)
	if !ok || n.BitLen() > 127 {
		return nil, fmt.Errorf("%q is no DECIMAL", s)
	}
	return decimal128.FromBigInt(n), nil
}

// fits reports that a constant is kept as the values of a type are.
func fits(x any, t types.Type) bool {
	if x == nil {
		return true
	}
	ok := false
	switch t.Layout() {
	case types.Bits:
		_, ok = x.(bool)
	case types.Int8, types.Int16, types.Int32, types.Int64:
		_, ok = x.(int64)
	case types.Uint8, types.Uint16, types.Uint32, types.Uint64:
		_, ok = x.(uint64)
	case types.Float32, types.Float64:
		_, ok = x.(float64)
	case types.Int128:
		if _, ok = x.(types.DecimalValue); t.Kind == types.Interval {
			_, ok = x.(vec.IntervalValue)
		}
	case types.Bytes:
		_, ok = x.(string)
		ok = ok && (!t.IsNested() || readable(&expr.Literal{T: t, Value: x}))
	}
	return ok
}

// readable reports that the bytes of an ARRAY, MAP or ROW are those of one. Who reads them
// elsewhere trusts that, and panics.
func readable(l *expr.Literal) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = l.String()
	return true
}

// describe says what a value of JSON is.
func describe(x any) string {
	switch x := x.(type) {
	case nil:
		return "nothing"
	case string:
		return "a text"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	default:
		return fmt.Sprint(x)
	}
}

// appendJSON writes what encoders return.
func appendJSON(b *strings.Builder, x any) {
	switch x := x.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(x))
	case number:
		b.WriteString(string(x))
	case string:
		appendText(b, x)
	case list:
		for i, v := range x {
			b.WriteString([]string{"[", ","}[min(i, 1)])
			appendJSON(b, v)
		}
		if len(x) == 0 {
			b.WriteByte('[')
		}
		b.WriteByte(']')
	case object:
		for i, m := range x {
			b.WriteString([]string{"{", ","}[min(i, 1)])
			appendText(b, m.key)
			b.WriteByte(':')
			appendJSON(b, m.value)
		}
		if len(x) == 0 {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	}
}

func appendText(b *strings.Builder, s string) {
	var line strings.Builder
	out := json.NewEncoder(&line)
	out.SetEscapeHTML(false)
	_ = out.Encode(s) // a text and a Builder have no errors
	b.WriteString(strings.TrimSuffix(line.String(), "\n"))
}
