package stored

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sqlstream/sqlstream/planner/logical"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// maxSize is how many nodes a plan may have, those that are read several times counted as
// often: no query that was planned has as many.
const maxSize = 1_000_000

// input stands for a node of which only the columns count.
type input struct{ schema *types.Schema }

func (c input) Inputs() []logical.Node                 { return nil }
func (c input) WithInputs([]logical.Node) logical.Node { return c }
func (c input) Schema() *types.Schema                  { return c.schema }
func (c input) String() string                         { return "input" }
func (c input) Properties() logical.Properties         { return logical.Properties{} }

// check refuses a node that reads columns which its inputs do not have, and notes its own.
func (d *decoder) check(n logical.Node) error {
	size := 1
	var ins []logical.Node
	var schemas []*types.Schema
	for _, in := range n.Inputs() {
		at := d.position(in)
		size += d.sizes[at]
		ins, schemas = append(ins, input{d.schemas[at]}), append(schemas, d.schemas[at])
	}
	if size > maxSize {
		return fmt.Errorf("the plan has more than %d nodes", maxSize)
	}
	read := n
	if len(ins) > 0 {
		n = n.WithInputs(ins)
	}
	if err := checkNode(n, schemas); err != nil {
		return err
	}
	for _, e := range logical.Exprs(n) {
		expr.Walk(e, func(x expr.Expr) bool {
			if q, ok := x.(*logical.Subquery); ok {
				size += d.sizes[d.position(q.Plan)]
			}
			return size <= maxSize
		})
	}
	d.at[read] = len(d.sizes)
	d.sizes, d.schemas = append(d.sizes, size), append(d.schemas, n.Schema())
	return nil
}

// position finds a node that has been read.
func (d *decoder) position(n logical.Node) int { return d.at[n] }

// checkNode checks a node over inputs of the schemas.
func checkNode(n logical.Node, ins []*types.Schema) error {
	var in []types.Field // of all inputs
	for _, s := range ins {
		in = append(in, s.Fields...)
	}
	width := len(in)
	switch x := n.(type) {
	case *logical.Scan:
		return positions(x.Relation.Schema.Len(), x.Columns...)
	case *logical.History:
		if len(x.Relation.Keys) == 0 {
			return errors.New("there is no key")
		}
		return positions(len(x.Relation.Stored), x.Time)
	case *logical.Project:
		if len(x.Names) != len(x.Exprs) {
			return errNames
		}
	case *logical.Union:
		return alike(x.Names, ins)
	case *logical.SetOp:
		return alike(x.Names, ins)
	case *logical.Aggregate:
		if err := checkAggregate(x); err != nil {
			return err
		}
	case *logical.Join:
		return checkJoin(x, in)
	case *logical.Asof:
		return errors.Join(keys(x.Keys, ins), positions(ins[0].Len(), x.LeftTime), positions(ins[1].Len(), x.RightTime))
	case *logical.Lookup:
		if err := keys(x.Keys, ins); err != nil {
			return err
		}
	case *logical.TopN:
		return errors.Join(positions(width, x.Partition...), sortKeys(width, x.Keys))
	case *logical.Window:
		if err := checkWindow(x, width); err != nil {
			return err
		}
	case *logical.Session:
		if len(x.Columns) != 3 {
			return errNames
		}
		return errors.Join(positions(width, x.Partition...), positions(width, x.Time))
	case *logical.Expand:
		if len(x.Names) != len(x.Func.Columns) || len(x.Args) != len(x.Func.Args) {
			return errNames
		}
	case *logical.First:
		return sortKeys(width, x.Keys)
	case *logical.Sort:
		if x.Hidden < 0 || x.Hidden > width {
			return errNames
		}
		return sortKeys(width, x.Keys)
	case *logical.Unique:
		return positions(width, x.Keys...)
	case *logical.EmitFinal:
		return checkFinal(x, width)
	case *logical.Recursive:
		return checkRecursive(x, ins)
	case *logical.TimeFilter:
		if err := checkExpr(x.Clock, nil); err != nil {
			return err
		}
	}
	return checkExprs(logical.Exprs(n), in)
}

var errNames = errors.New("it has not as many names as columns")

func checkAggregate(x *logical.Aggregate) error {
	if len(x.Names) != len(x.Group) {
		return errNames
	}
	for _, c := range x.Calls {
		if err := arguments(c.Args, c.Bind.Args); err != nil {
			return fmt.Errorf("%s: %w", c.Func.Name, err)
		}
	}
	for _, set := range append(x.Sets[:len(x.Sets):len(x.Sets)], x.Owned) {
		if err := positions(len(x.Group), set...); err != nil {
			return err
		}
	}
	return nil
}

func checkWindow(x *logical.Window, width int) error {
	for _, c := range x.Calls {
		if c.Frame.Key != nil && len(x.Keys) == 0 {
			return fmt.Errorf("%s has a frame by a key, and there is none", c.Name)
		}
		if c.Func == nil != (c.Bind == nil) {
			return fmt.Errorf("%s is half an aggregate", c.Name)
		}
		if c.Bind != nil {
			if err := arguments(c.Args, c.Bind.Args); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
		for _, b := range []logical.FrameBound{c.Frame.From, c.Frame.To} {
			distance := b.Kind == logical.Preceding || b.Kind == logical.Following
			switch {
			case distance && b.Offset == nil:
				return fmt.Errorf("%s lacks the distance to an end of its frame", c.Name)
			case b.Offset != nil && b.At == nil:
				if _, ok := b.Offset.Value.(int64); !ok {
					return fmt.Errorf("%s has %s as the distance to an end of its frame", c.Name, b.Offset)
				}
			}
		}
	}
	return errors.Join(positions(width, x.Partition...), sortKeys(width, x.Keys))
}

// checkJoin: the condition is over pairs, the parameters over the left.
func checkJoin(x *logical.Join, pairs []types.Field) error {
	left := x.Left.Schema().Fields
	for _, e := range []expr.Expr{x.On, x.Any} {
		if e == nil {
			continue
		}
		if err := checkExpr(e, pairs); err != nil {
			return err
		}
	}
	return checkExprs(x.Params, left)
}

func checkFinal(x *logical.EmitFinal, width int) error {
	if len(x.By) == 0 {
		return errors.New("no column tells what is final")
	}
	for _, by := range x.By {
		if err := positions(width, by.Column); err != nil {
			return err
		}
		for _, t := range by.Until {
			if err := positions(t.Relation.Schema.Len(), t.Column); err != nil {
				return err
			}
			if t.Func == nil {
				continue
			}
			if err := checkExpr(t.Func, []types.Field{t.Relation.Schema.Fields[t.Column]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSelves refuses a plan that reads a recursion outside of its step.
func checkSelves(n logical.Node, inside []*logical.Self) error {
	switch x := n.(type) {
	case *logical.Self:
		if !slices.Contains(inside, x) {
			return fmt.Errorf("%s is outside of its step", x)
		}
	case *logical.Recursive:
		if err := checkSelves(x.Base, inside); err != nil {
			return err
		}
		return checkSelves(x.Step, append(slices.Clone(inside), x.Self))
	}
	for _, in := range n.Inputs() {
		if err := checkSelves(in, inside); err != nil {
			return err
		}
	}
	return nil
}

func checkRecursive(x *logical.Recursive, ins []*types.Schema) error {
	if len(x.Names) != x.Self.Out.Len() {
		return errNames
	}
	return alike(x.Names, append(ins, x.Self.Out))
}

// arguments must be what a function takes.
func arguments(args []expr.Expr, want []types.Type) error {
	if len(args) != len(want) {
		return fmt.Errorf("it has %d arguments, and takes %d", len(args), len(want))
	}
	for i, a := range args {
		if a.Type().Layout() != want[i].Layout() {
			return fmt.Errorf("argument %d is a %s, and %s is what it takes", i+1, a.Type(), want[i])
		}
	}
	return nil
}

// alike checks that inputs have as many columns as there are names, and of one type each.
func alike(names []string, ins []*types.Schema) error {
	for _, s := range ins {
		if s.Len() != len(names) {
			return errNames
		}
		for i, f := range s.Fields {
			if f.Type.Layout() != ins[0].Fields[i].Type.Layout() {
				return fmt.Errorf("column %d is a %s and a %s", i, f.Type, ins[0].Fields[i].Type)
			}
		}
	}
	return nil
}

func keys(ks []logical.MatchKey, ins []*types.Schema) error {
	for _, k := range ks {
		if err := errors.Join(positions(ins[0].Len(), k.Left), positions(ins[1].Len(), k.Right)); err != nil {
			return err
		}
	}
	return nil
}

func sortKeys(width int, ks []logical.SortKey) error {
	for _, k := range ks {
		if err := positions(width, k.Column); err != nil {
			return err
		}
	}
	return nil
}

// positions checks that columns are among so many.
func positions(width int, columns ...int) error {
	for _, c := range columns {
		if c < 0 || c >= width {
			return fmt.Errorf("there is no column %d, but %d columns", c, width)
		}
	}
	return nil
}

func checkExprs(es []expr.Expr, in []types.Field) error {
	for _, e := range es {
		if err := checkExpr(e, in); err != nil {
			return err
		}
	}
	return nil
}

// checkExpr checks that an expression reads columns that are there, as they are.
func checkExpr(e expr.Expr, in []types.Field) error {
	var err error
	expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		if !ok {
			return true
		}
		if err = positions(len(in), c.Index); err == nil && in[c.Index].Type.Layout() != c.Field.Type.Layout() {
			err = fmt.Errorf("column %d is a %s, and is read as a %s", c.Index, in[c.Index].Type, c.Field.Type)
		}
		return err == nil
	})
	return err
}
