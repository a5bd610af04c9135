package datagen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
)

// fieldSettings are what fields.<column>. may be followed by.
var fieldSettings = []string{"kind", "min", "max", "length", "null.rate"}

// checkFields refuses fields.<column>.<setting> of a column or setting that is not there.
func checkFields(t *connectors.Table) error {
	for _, name := range slices.Sorted(maps.Keys(t.Options)) {
		rest, ok := strings.CutPrefix(name, "fields.")
		if !ok {
			continue
		}
		known := slices.ContainsFunc(t.Columns, func(c connectors.Column) bool {
			setting, ok := strings.CutPrefix(rest, connectors.Canonical(c.Name)+".")
			return ok && slices.Contains(fieldSettings, setting)
		})
		if !known {
			return fmt.Errorf("option '%s' is not fields.<column>.<setting> with a column of the table and a setting of %s", name, strings.Join(fieldSettings, ", "))
		}
	}
	return nil
}

func fieldColumn(o connectors.Options, c connectors.Column, seed uint64) (column, error) {
	prefix := "fields." + connectors.Canonical(c.Name)
	low, err := o.Int(prefix+".min", 0)
	if err != nil {
		return nil, err
	}
	high, err := o.Int(prefix+".max", 999_999)
	if err != nil {
		return nil, err
	}
	length, err := o.Int(prefix+".length", 10)
	if err != nil {
		return nil, err
	}
	if high < low {
		return nil, fmt.Errorf("option '%s.max' is less than '%s.min'", prefix, prefix)
	}
	nulls := 0.0
	if v := o.Get(prefix + ".null.rate"); v != "" {
		if _, err := fmt.Sscan(v, &nulls); err != nil {
			return nil, fmt.Errorf("option '%s.null.rate' must be a number, not '%s'", prefix, v)
		}
	}
	kind := o.String(prefix+".kind", "random")
	if kind != "random" && kind != "sequence" {
		return nil, fmt.Errorf("option '%s.kind' may not be '%s'; it takes 'sequence', 'random'", prefix, kind)
	}
	own := seed ^ hashName(c.Name)
	value := func(n int64) int64 {
		if kind == "sequence" {
			return low + n
		}
		return low + int64(mix(own^mix(uint64(n)))%uint64(high-low+1))
	}
	put, err := putter(c.Type, own, length)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.Name, err)
	}
	return func(b *vec.Builder, rows []int64) {
		for _, n := range rows {
			if nulls > 0 && float64(mix(own+1^mix(uint64(n)))>>11)/(1<<53) < nulls {
				b.AppendNull()
				continue
			}
			put(b, value(n), n)
		}
	}, nil
}

// putter appends a whole number as a value of a type.
func putter(t types.Type, seed uint64, length int64) (func(b *vec.Builder, v, n int64), error) {
	switch {
	case t.Kind == types.Boolean:
		return func(b *vec.Builder, v, _ int64) { b.AppendBool(v&1 != 0) }, nil
	case t.IsUnsigned():
		return func(b *vec.Builder, v, _ int64) { vec.AppendUint(b, uint64(v)) }, nil
	case t.IsInteger():
		return func(b *vec.Builder, v, _ int64) {
			if !vec.AppendInt(b, v) {
				b.AppendNull()
			}
		}, nil
	case t.Kind == types.Double:
		return func(b *vec.Builder, v, n int64) {
			vec.Append(b, float64(v)+float64(mix(seed^uint64(n))>>11)/(1<<53))
		}, nil
	case t.Kind == types.Float:
		return func(b *vec.Builder, v, _ int64) { vec.Append(b, float32(v)) }, nil
	case t.Kind == types.Decimal:
		return func(b *vec.Builder, v, _ int64) {
			d, ok := types.Rescale(types.DecimalFromInt(v), 0, t.Scale)
			if !ok || !types.DecimalFits(d, t.Precision) {
				b.AppendNull()
				return
			}
			vec.Append(b, d)
		}, nil
	case t.Kind == types.Date:
		return func(b *vec.Builder, v, _ int64) { vec.Append(b, int32(v)) }, nil
	case t.Kind == types.Timestamp, t.Kind == types.Time:
		return func(b *vec.Builder, v, _ int64) { vec.Append(b, v*types.MicrosPerSecond) }, nil
	case t.Kind == types.Varchar, t.Kind == types.Binary:
		return func(b *vec.Builder, v, _ int64) {
			buf := b.Tail()
			for i := range length {
				buf = append(buf, 'a'+byte(mix(uint64(v)^mix(uint64(i)))%26))
			}
			b.EndBytes(buf)
		}, nil
	}
	return nil, fmt.Errorf("datagen makes no %s", t)
}
