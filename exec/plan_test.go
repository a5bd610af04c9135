package exec_test

import (
	"strings"

	"github.com/sqlstream/sqlstream/exec"
	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/function/aggregate"
	"github.com/sqlstream/sqlstream/sql/types"
)

// A planner makes a plan of a test's text, one node a line, the last one the root:
//
//	t = scan k VARCHAR, v INT
//	f = filter t: v > 1
//	p = project f: k, v + 1 AS w
//	u = union f, t
//	a = aggregate u: COUNT(*) AS n, SUM(v) BY k
//	n = net t
//	j = left join t, u: k = k, v <=> v IF l.v < r.w
//	m = mark join t, u: k = k ANY l.v = r.w
//
// With several workers an aggregate gets an exchange before it and, where its calls
// allow it, a partial one before that.
type planner struct {
	workers    int
	appendOnly bool          // aggregates are told that nothing is taken back
	whole      bool          // no partial aggregates
	scan       *types.Schema // of scans without columns
	nodes      map[string]exec.Plan
	scans      map[string]*exec.Scan
}

func (p *planner) plan(text string) exec.Plan {
	p.nodes, p.scans = map[string]exec.Plan{}, map[string]*exec.Scan{}
	var root exec.Plan
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " = ")
		kind, rest, _ := strings.Cut(rest, " ")
		root = p.node(name, kind, rest)
		p.nodes[name] = root
	}
	return root
}

func (p *planner) node(name, kind, rest string) exec.Plan {
	switch kind {
	case "scan":
		s := &exec.Scan{Table: name, Out: p.scan}
		if rest != "" {
			s.Out = columnsOf(rest)
		}
		p.scans[name] = s
		return s
	case "union":
		u := &exec.UnionAll{}
		for in := range strings.SplitSeq(rest, ", ") {
			u.Ins = append(u.Ins, p.input(in))
		}
		u.Out = u.Ins[0].Schema()
		return u
	case "intersect", "except":
		return p.setOp(kind, rest)
	case "recursive":
		ins, step, _ := strings.Cut(rest, ": ")
		return p.recursive(ins, step)
	}
	of, what, _ := strings.Cut(rest, ":")
	if ins, ok := strings.CutPrefix(of, "asof "); ok {
		return p.asof(kind == "left", ins, what)
	}
	if ins, ok := strings.CutPrefix(of, "lookup "); ok {
		return p.lookup(kind == "left", ins, what)
	}
	if ins, ok := strings.CutPrefix(of, "join "); ok {
		return p.join(kind, ins, what)
	}
	in := p.input(of)
	switch kind {
	case "filter":
		return &exec.Filter{Input: in, Pred: parseExpr(what, in.Schema())}
	case "project":
		return project(in, what)
	case "aggregate":
		return p.aggregate(in, what)
	case "net":
		return &exec.Net{Input: p.routed(in)}
	case "unique":
		keys := []int{}
		for _, name := range split(what) {
			keys = append(keys, in.Schema().Index(name))
		}
		return &exec.Unique{Input: p.keyed(in, keys), Keys: keys, Into: "out"}
	case "top":
		return p.top(in, what)
	case "window":
		return p.window(in, what)
	case "session":
		return p.session(in, what)
	case "time":
		return p.time(in, what)
	}
	panic("no node " + kind)
}

var joinKinds = map[string]exec.JoinKind{
	"inner": exec.InnerJoin, "left": exec.LeftJoin, "right": exec.RightJoin, "full": exec.FullJoin,
	"semi": exec.SemiJoin, "anti": exec.AntiJoin, "mark": exec.MarkJoin,
}

// join reads a list of equalities between expressions of the left and of the right, and
// behind IF and ANY expressions over pairs, whose columns are called l.name and r.name.
// FORGET is of the rows of each side by the watermark of the other's column o, NUMBERED behind it
// of both sides.
func (p *planner) join(kind, ins, what string) exec.Plan {
	left, right, _ := strings.Cut(ins, ", ")
	j := &exec.Join{Left: p.input(left), Right: p.input(right), Kind: joinKinds[kind], Out: &types.Schema{}}
	what, j.Numbered = strings.CutSuffix(what, " NUMBERED")
	what, forget := strings.CutSuffix(what, " FORGET")
	for i, in := range j.Inputs() {
		if other := []string{right, left}[i]; forget {
			at := in.Schema().Index("o")
			j.Expires[i] = exec.Expires{Column: at + 1, Until: exec.Watermark{{Of: exec.WatermarkOf{Table: other, Column: at}, Name: "o"}}}
		}
	}
	pairs := &types.Schema{}
	for i, in := range j.Inputs() {
		for _, f := range in.Schema().Fields {
			if i == 0 || j.Kind < exec.SemiJoin {
				j.Out.Fields = append(j.Out.Fields, types.Field{Name: f.Name, Type: f.Type})
			}
			pairs.Fields = append(pairs.Fields, types.Field{Name: "lr"[i:i+1] + "." + f.Name, Type: f.Type})
		}
	}
	if j.Kind == exec.MarkJoin {
		j.Out.Fields = append(j.Out.Fields, types.Field{Name: "mark", Type: types.Of(types.Boolean)})
	}
	what, any, ok := strings.Cut(what, "ANY ")
	if ok {
		j.Any = parseExpr(any, pairs)
	}
	what, on, ok := strings.Cut(what, "IF ")
	if ok {
		j.On = parseExpr(on, pairs)
	}
	var keys [2][]int
	for _, eq := range split(what) {
		l, r, safe := strings.Cut(eq, " <=> ")
		if !safe {
			l, r, _ = strings.Cut(eq, " = ")
		}
		k := exec.JoinKey{Left: parseExpr(l, j.Left.Schema()), Right: parseExpr(r, j.Right.Schema()), NullSafe: safe}
		j.Keys = append(j.Keys, k)
		for i, e := range []expr.Expr{k.Left, k.Right} {
			keys[i] = append(keys[i], e.(*expr.Column).Index)
		}
	}
	if p.workers > 1 {
		j.Left, j.Right = &exec.Exchange{Input: j.Left, Keys: keys[0]}, &exec.Exchange{Input: j.Right, Keys: keys[1]}
	}
	return j
}

// routed sends equal rows to one worker.
func (p *planner) routed(in exec.Plan) exec.Plan {
	if p.workers == 1 {
		return in
	}
	x := &exec.Exchange{Input: in}
	for i := range in.Schema().Fields {
		x.Keys = append(x.Keys, i)
	}
	return x
}

func (p *planner) input(name string) exec.Plan {
	in := p.nodes[name]
	if in == nil {
		panic("no input " + name)
	}
	return in
}

func columnsOf(text string) *types.Schema {
	s := &types.Schema{}
	for _, def := range split(text) {
		x := &parser{toks: tokens(def)}
		f := types.Field{Name: x.next(), Type: x.typ()}
		f.NotNull = x.accept("NOT", "NULL")
		s.Fields = append(s.Fields, f)
	}
	return s
}

// split divides a list at its outermost commas.
func split(text string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out, start = append(out, strings.TrimSpace(text[start:i])), i+1
			}
		}
	}
	if last := strings.TrimSpace(text[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

func named(text string) (body, name string) {
	body, name, ok := strings.Cut(text, " AS ")
	if !ok || strings.Contains(name, ")") {
		return text, strings.ToLower(text)
	}
	return body, name
}

func project(in exec.Plan, list string) *exec.Project {
	out := &exec.Project{Input: in, Out: &types.Schema{}}
	for _, item := range split(list) {
		body, name := named(item)
		e := parseExpr(body, in.Schema())
		out.Exprs = append(out.Exprs, e)
		out.Out.Fields = append(out.Out.Fields, types.Field{Name: name, Type: e.Type(), NotNull: e.NotNull()})
	}
	return out
}

func (p *planner) aggregate(in exec.Plan, what string) exec.Plan {
	list, by, _ := strings.Cut(what, " BY ")
	a := &exec.Aggregate{Input: in, Out: &types.Schema{}, AppendOnly: p.appendOnly}
	for _, g := range split(by) {
		e := parseExpr(g, in.Schema())
		a.Group = append(a.Group, e)
		a.Out.Fields = append(a.Out.Fields, types.Field{Name: g, Type: e.Type()})
	}
	for _, item := range split(list) {
		body, name := named(item)
		c := aggregateCall(body, in.Schema())
		a.Calls = append(a.Calls, c)
		a.Out.Fields = append(a.Out.Fields, types.Field{Name: name, Type: c.Func.Returns})
	}
	if p.workers == 1 {
		return a
	}
	return p.distribute(a)
}

func aggregateCall(text string, schema *types.Schema) exec.AggregateCall {
	name, args, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	c := exec.AggregateCall{Name: strings.ToLower(name)}
	var have []types.Type
	if args != "*" {
		for _, arg := range split(args) {
			e := parseExpr(arg, schema)
			c.Args, have = append(c.Args, e), append(have, e.Type())
		}
	}
	for _, f := range aggregate.All {
		if f.Name == c.Name {
			var err error
			if c.Func, err = f.Bind(have); err != nil {
				panic(err)
			}
			for i, t := range c.Func.Args {
				c.Args[i] = expr.NewCast(c.Args[i], t)
			}
			return c
		}
	}
	panic("no aggregate " + name)
}

// distribute puts what an aggregate reads into columns, routes it by its group, and
// combines before that where it can.
func (p *planner) distribute(a *exec.Aggregate) exec.Plan {
	pr := &exec.Project{Input: a.Input, Out: &types.Schema{}}
	column := func(e expr.Expr) expr.Expr {
		f := types.Field{Name: e.String(), Type: e.Type(), NotNull: e.NotNull()}
		pr.Exprs, pr.Out.Fields = append(pr.Exprs, e), append(pr.Out.Fields, f)
		return &expr.Column{Index: len(pr.Exprs) - 1, Field: f}
	}
	x := &exec.Exchange{Input: pr}
	for i, g := range a.Group {
		a.Group[i] = column(g)
		x.Keys = append(x.Keys, i)
	}
	partial := len(a.Calls) > 0 && !p.whole
	for i, c := range a.Calls {
		for j, e := range c.Args {
			a.Calls[i].Args[j] = column(e)
		}
		partial = partial && c.Slot(a.AppendOnly) != nil
	}
	if !partial {
		a.Input = x
		return a
	}
	x.Input = exec.NewPartialAggregate(pr, a)
	return exec.NewFinalAggregate(x, a)
}
