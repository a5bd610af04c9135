package sqlstream

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// goValue is a value of a column in Go's terms.
func goValue(c *vec.Vec, row int) any {
	if c.IsNull(row) {
		return nil
	}
	at := c.At(row)
	switch t := c.Type; {
	case t.Kind == types.Boolean:
		return c.Bool(row)
	case t.IsUnsigned():
		return vec.Uint(c, at)
	case t.IsInteger():
		return vec.Int(c, at)
	case t.Kind == types.Float:
		return float64(vec.Slice[float32](c)[at])
	case t.Kind == types.Double:
		return vec.Slice[float64](c)[at]
	case t.Kind == types.Binary:
		return append([]byte(nil), c.Bytes(row)...)
	case t.Kind == types.Date:
		return time.Unix(vec.Int(c, at)*24*60*60, 0).UTC()
	case t.Kind == types.Timestamp:
		return time.UnixMicro(vec.Int(c, at)).In(t.Zone.Location())
	case t.IsNested():
		return goNested(c, row)
	}
	return string(vec.AppendText(nil, c, row))
}

// goNested is an ARRAY as []any, a MAP as map[string]any with the texts of its keys, and a
// ROW as map[string]any.
func goNested(c *vec.Vec, row int) any {
	t := c.Type
	var parts []*vec.Builder
	for _, p := range vec.Parts(t) {
		parts = append(parts, vec.NewBuilder(p))
	}
	n := c.AppendParts(row, parts)
	if t.Kind == types.Array {
		out := make([]any, n)
		for i := range out {
			out[i] = goValue(parts[0].Vec(), i)
		}
		return out
	}
	out := map[string]any{}
	if t.Kind == types.Row {
		for i, f := range t.Fields {
			out[f.Name] = goValue(parts[i].Vec(), 0)
		}
		return out
	}
	for i := range n {
		out[string(vec.JSONKey(parts[0].Vec(), i))] = goValue(parts[1].Vec(), i)
	}
	return out
}

// appendGo appends a Go value to a column: as it is where the types agree, else by
// its text.
func appendGo(b *vec.Builder, v any) error {
	t := b.Type()
	switch x := v.(type) {
	case nil:
		b.AppendNull()
		return nil
	case bool:
		if t.Kind == types.Boolean {
			b.AppendBool(x)
			return nil
		}
	case int:
		return vec.ParseText(b, strconv.Itoa(x))
	case int64:
		return vec.ParseText(b, strconv.FormatInt(x, 10))
	case uint64:
		return vec.ParseText(b, strconv.FormatUint(x, 10))
	case float64:
		return vec.ParseText(b, string(vec.AppendFloat(nil, x, 64)))
	case string:
		return vec.ParseText(b, x)
	case []byte:
		if t.Layout() == types.Bytes && !t.IsNested() {
			b.AppendBytes(x)
			return nil
		}
	case []any, map[string]any:
		if t.IsNested() || t.Kind == types.JSON {
			text, err := json.Marshal(x)
			if err != nil {
				return err
			}
			return vec.ParseText(b, string(text))
		}
	case time.Time:
		switch t.Kind {
		case types.Timestamp:
			vec.Append(b, x.UnixMicro())
			return nil
		case types.Date:
			return vec.ParseText(b, x.UTC().Format(time.DateOnly))
		}
	}
	return fmt.Errorf("a %T does not fit %s", v, t)
}

func vecAppend(b *vec.Builder, v int64) { vec.Append(b, v) }
