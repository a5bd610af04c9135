package bind

import (
	"github.com/sqlstream/sqlstream/catalog"
	"github.com/sqlstream/sqlstream/sql/expr"
)

// stored is a column of a table as an expression over the table's schema of which only
// columns that are not computed are read.
func (s *session) stored(e *catalog.Entry, column int) (expr.Expr, error) {
	f := e.Schema.Fields[column]
	text, computed := e.Computed[column]
	if !computed {
		return &expr.Column{Index: column, Field: f}, nil
	}
	x, err := s.ownText(e.Name+"."+f.Name, text, e.Schema, "a computed column")
	if err != nil {
		return nil, err
	}
	return expr.NewCast(x, f.Type), nil
}

// overStored is an expression over a table's columns as one over those that are stored.
func (s *session) overStored(e *catalog.Entry, x expr.Expr) (expr.Expr, error) {
	var failed error
	out := expr.Transform(x, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		own, err := s.stored(e, c.Index)
		if err != nil {
			failed = err
			return x
		}
		return own
	})
	return out, failed
}

// Watermark binds a table's watermark: the event time of a row, and what the row makes
// the watermark, both over the table's schema, of which only columns that are stored are
// read. An error points into the text that was declared.
func (b *Binder) Watermark(e *catalog.Entry) (at, watermark expr.Expr, err error) {
	s := &session{Binder: b, whole: &whole{}}
	e = b.inZone(e)
	if at, err = s.stored(e, e.Watermark.Column); err != nil {
		return nil, nil, err
	}
	x, err := s.ownText("the watermark of "+e.Name, e.Watermark.Expr, e.Schema, "a watermark")
	if err != nil {
		return nil, nil, err
	}
	if x, err = s.overStored(e, x); err != nil {
		return nil, nil, err
	}
	if t := at.Type(); x.Type().Kind == t.Kind && x.Type().Zoned == t.Zoned {
		x = expr.NewCast(x, t)
	}
	return at, x, nil
}
