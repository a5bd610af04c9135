package stored

import (
	"reflect"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function"
	"github.com/sqlstream/sqlstream/sql/types"
)

// kinds are the nodes and expressions by the word that tells them.
type kinds struct {
	byName map[string]reflect.Type
	names  map[reflect.Type]string
}

func kindsOf(list ...any) kinds {
	k := kinds{map[string]reflect.Type{}, map[reflect.Type]string{}}
	for _, x := range list {
		t := reflect.TypeOf(x).Elem()
		k.byName[t.Name()], k.names[t] = t, t.Name()
	}
	return k
}

// nodes are all that a plan is made of.
var nodes = kindsOf(
	&logical.Scan{}, &logical.Values{}, &logical.History{}, &logical.Filter{}, &logical.TimeFilter{}, &logical.Project{},
	&logical.Union{}, &logical.Aggregate{}, &logical.Join{}, &logical.Asof{}, &logical.Lookup{}, &logical.TopN{},
	&logical.Window{}, &logical.Session{}, &logical.SetOp{}, &logical.Expand{}, &logical.First{}, &logical.EmitFinal{},
	&logical.Sort{}, &logical.Unique{}, &logical.Recursive{}, &logical.Self{},
)

// exprs are all that their expressions are made of.
var exprs = kindsOf(
	&expr.Column{}, &expr.Literal{}, &expr.Compare{}, &expr.Arith{}, &expr.Neg{}, &expr.BitNot{}, &expr.And{}, &expr.Or{},
	&expr.Not{}, &expr.IsNull{}, &expr.IsTruth{}, &expr.In{}, &expr.Like{}, &expr.Regexp{}, &expr.Case{}, &expr.Cast{},
	&expr.Call{}, &logical.Subquery{}, &logical.Param{},
)

// words are the values of enumerations in their order. A word stays what it is for ever; a
// new value gets one of its own.
var words = map[reflect.Type][]string{
	reflect.TypeFor[expr.Op](): {
		"=", "<>", "<", "<=", ">", ">=", "<=>", "+", "-", "*", "/", "DIV", "%", "&", "|", "^", "<<", ">>",
	},
	reflect.TypeFor[types.Kind](): {
		"NULL", "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "TINYINT UNSIGNED", "SMALLINT UNSIGNED", "INT UNSIGNED",
		"BIGINT UNSIGNED", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "BINARY", "DATE", "TIME", "TIMESTAMP", "INTERVAL", "JSON",
		"ARRAY", "MAP", "ROW",
	},
	reflect.TypeFor[logical.JoinKind]():        {"inner", "left", "right", "full", "semi", "anti", "mark"},
	reflect.TypeFor[logical.Arrival]():         {"plain", "by key", "unchecked", "whole"},
	reflect.TypeFor[logical.Rank]():            {"row number", "rank", "dense rank"},
	reflect.TypeFor[logical.FrameUnit]():       {"rows", "range", "groups"},
	reflect.TypeFor[logical.FrameBoundKind]():  {"unbounded preceding", "preceding", "current row", "following", "unbounded following"},
	reflect.TypeFor[logical.SubqueryKind]():    {"scalar", "exists", "any", "all"},
	reflect.TypeFor[function.JSONColumnKind](): {"value", "ordinality", "exists", "nested"},
}

// derived are fields that are not kept, since they follow from the others or from what a
// plan is read in.
var derived = map[reflect.Type][]string{
	reflect.TypeFor[logical.Relation]():    {"Size"},    // an estimate, of use to rules alone
	reflect.TypeFor[function.JSONColumn](): {"Convert"}, // of the type
}

// optional are the fields that may be nil. All others are there in every plan.
var optional = map[reflect.Type][]string{
	reflect.TypeFor[expr.Case]():                 {"Else"},
	reflect.TypeFor[expr.Literal]():              {"Value"},
	reflect.TypeFor[types.Type]():                {"Zone", "Key", "Elem"},
	reflect.TypeFor[logical.Join]():              {"On", "Any"},
	reflect.TypeFor[logical.Lookup]():            {"On"},
	reflect.TypeFor[logical.Call]():              {"Filter"},
	reflect.TypeFor[logical.WindowCall]():        {"Func", "Bind", "Filter"},
	reflect.TypeFor[logical.Frame]():             {"Key"},
	reflect.TypeFor[logical.FrameBound]():        {"Offset", "At"},
	reflect.TypeFor[logical.WatermarkTerm]():     {"Func"},
	reflect.TypeFor[logical.RelationWatermark](): {"Computed"},
	reflect.TypeFor[function.JSONOtherwise]():    {"Default"},
	reflect.TypeFor[tableCall]():                 {"JSON"},
}
