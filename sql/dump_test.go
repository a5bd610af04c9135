package sql

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/sqlstream/sqlstream/sql/types"
)

// dump prints a statement: its type, and a line for each field that is set.
func dump(st Statement) string {
	v := reflect.ValueOf(st).Elem()
	var b strings.Builder
	b.WriteString(v.Type().Name() + "\n")
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() && v.Type().Field(i).Name != "Common" {
			text := dumpValue(f)
			if _, nested := f.Interface().(Statement); nested {
				text = "\n" + strings.TrimRight(text, "\n")
			}
			fmt.Fprintf(&b, "  %s: %s\n", v.Type().Field(i).Name, strings.ReplaceAll(text, "\n", "\n    "))
		}
	}
	return b.String()
}

// dumpValue prints a field of ours.
func dumpValue(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case Name:
		return x.Text
	case types.Type:
		return x.String()
	case time.Duration:
		return x.String()
	case *Query:
		return dumpNode(reflect.ValueOf(x.Node))
	case *Expr:
		return dumpNode(reflect.ValueOf(x.Node))
	case Statement:
		return dump(x)
	case string:
		return fmt.Sprintf("%q", x)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return dumpValue(v.Elem())
	case reflect.Slice:
		var parts []string
		for i := range v.Len() {
			parts = append(parts, dumpValue(v.Index(i)))
		}
		if v.Type().Elem().Kind() == reflect.Struct && v.Type().Elem() != reflect.TypeFor[Name]() {
			return "\n" + strings.Join(parts, "\n")
		}
		return "(" + strings.Join(parts, ", ") + ")"
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if f := v.Field(i); !f.IsZero() && !strings.HasSuffix(name, "Offset") {
				parts = append(parts, name+"="+dumpValue(f))
			}
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v.Interface())
}

// dumpNode prints a node of the TiDB parser: its type and the fields that are set,
// or what it stands for where that is plain.
func dumpNode(v reflect.Value) string {
	if !v.IsValid() || v.IsZero() {
		return "-"
	}
	if s, ok := plainNode(v.Interface()); ok {
		return s
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return dumpNode(v.Elem())
	case reflect.Slice:
		var parts []string
		for i := range v.Len() {
			parts = append(parts, dumpNode(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !hidden(f, v.Field(i)) {
				parts = append(parts, f.Name+": "+dumpNode(v.Field(i)))
			}
		}
		return strings.TrimSuffix(v.Type().Name(), "Expr") + "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// quietFields say nothing about the meaning of a statement.
var quietFields = words("Offset", "SelectStmtOpts", "PatChars", "PatTypes", "Flag", "TableHints", "IsInBraces", "Refer", "Explicit",
	"ExplicitParens", "AutoRef", "NullOrder")

func hidden(f reflect.StructField, v reflect.Value) bool {
	typeOfValue := (f.Name == "Tp" || f.Name == "Type") && (v.Kind() == reflect.Struct || v.Kind() == reflect.Pointer)
	empty := v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
	return !f.IsExported() || f.Anonymous || empty || typeOfValue || quietFields[f.Name]
}

func plainNode(n any) (string, bool) {
	switch x := n.(type) {
	case ast.CIStr:
		return x.O, true
	case *ast.ColumnName:
		return x.OrigColName(), true
	case *ast.ColumnNameExpr:
		return columnText(x.Name), true
	case *literal:
		return x.text(), true
	case *ast.ParenthesesExpr:
		return "(" + node(x.Expr) + ")", true
	case *ast.BinaryOperationExpr:
		return "(" + node(x.L) + " " + x.Op.String() + " " + node(x.R) + ")", true
	case *ast.UnaryOperationExpr:
		return "(" + x.Op.String() + " " + node(x.V) + ")", true
	case *ast.FuncCallExpr:
		return x.FnName.O + node(x.Args), true
	case *ast.AggregateFuncExpr:
		return aggregateText(x), true
	case *ast.TimeUnitExpr:
		return x.Unit.String(), true
	case *ast.SubqueryExpr:
		return "(" + node(x.Query) + ")", true
	case *ast.SelectField:
		return fieldText(x), true
	case *ast.TableRefsClause:
		return node(x.TableRefs), true
	case *ast.Join:
		return joinText(x), true
	case *ast.TableSource:
		return sourceText(x), true
	case *ast.FieldList:
		return node(x.Fields), true
	case *ast.ByItem:
		if x.Desc {
			return node(x.Expr) + " DESC", true
		}
		return node(x.Expr), true
	case *ast.TableName:
		if x.AsOf == nil && x.TableSample == nil {
			return strings.TrimPrefix(x.Schema.O+"."+x.Name.O, "."), true
		}
	}
	return "", false
}

func joinText(j *ast.Join) string {
	if j.Right == nil {
		return node(j.Left)
	}
	s := "(" + node(j.Left)
	if j.NaturalJoin {
		s += " NATURAL"
	}
	if j.StraightJoin {
		s += " STRAIGHT"
	}
	s += map[ast.JoinType]string{ast.CrossJoin: " JOIN ", ast.LeftJoin: " LEFT JOIN ", ast.RightJoin: " RIGHT JOIN "}[j.Tp] + node(j.Right)
	if j.On != nil {
		s += " ON " + node(j.On.Expr)
	}
	if len(j.Using) > 0 {
		s += " USING " + node(j.Using)
	}
	return s + ")"
}

func sourceText(t *ast.TableSource) string {
	s := node(t.Source)
	if t.Lateral {
		s = "LATERAL " + s
	}
	if t.AsName.O != "" {
		s += " AS " + t.AsName.O
	}
	if len(t.ColumnNames) > 0 {
		s += node(t.ColumnNames)
	}
	return s
}

func node(n any) string { return dumpNode(reflect.ValueOf(n)) }

func columnText(c *ast.ColumnName) string {
	return strings.TrimLeft(c.Schema.O+"."+c.Table.O+"."+c.Name.O, ".")
}

func aggregateText(x *ast.AggregateFuncExpr) string {
	s := x.F
	if x.Distinct {
		s += " DISTINCT"
	}
	if x.Order != nil {
		s += " ORDER " + node(x.Order.Items)
	}
	return s + node(x.Args)
}

func fieldText(f *ast.SelectField) string {
	s := "*"
	if f.WildCard != nil {
		if t := f.WildCard.Table.O; t != "" {
			s = t + ".*"
		}
	} else {
		s = node(f.Expr)
	}
	if f.AsName.O != "" {
		s += " AS " + f.AsName.O
	}
	return s
}
