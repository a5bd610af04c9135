package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/zset"
)

// DefaultMaxRecursion is how many rounds a recursive query may take in an epoch where
// nothing else is said.
const DefaultMaxRecursion = 1000

// maxText is how many bytes of text a batch takes that is held from round to round.
const maxText = 1 << 30

// Recursive is WITH RECURSIVE: the rows of a base b, and what a step makes of them, of
// what came of these, and so on. The step, called f, is a circuit of its own in which
// each round is an epoch: a change of what it reads beside the recursion is one round, the
// rows that came last are the next. It is linear in these: f(x + y) = f(x) + f(y).
//
// With UNION ALL the result t is b + f(t), so that with d = db + (df)(t) its change is
// d + f(d) + f(f(d)) + …, whatever the signs. With UNION each row has the number of times
// it stands in b + f(t), and is in t where that is not 0; but rows of a circle would hold
// each other up. So all rows that lose a support go first, with all that follows from
// them; what still has one then comes back, with all that follows.
//
//	Apply   holds the rows
//	Finish  runs the rounds until nothing comes; emits their sum
//
// State: that of the step's operators; of UNION row -> count and whether it is there, too.
type Recursive struct {
	Ins   []Plan  // the base, then what the step reads beside the recursion
	Step  Plan    // over Self and Reads
	Self  *Scan   // the rows of the last round
	Reads []*Scan // of Ins from the second on
	All   bool    // UNION ALL
	Name  string
	Out   *types.Schema
}

// Inputs implements Plan.
func (p *Recursive) Inputs() []Plan { return p.Ins }

// Schema implements Plan.
func (p *Recursive) Schema() *types.Schema { return p.Out }

// String implements Plan. The step is in brackets.
func (p *Recursive) String() string {
	out := "Recursive " + p.Name
	if p.All {
		out += " all"
	}
	return out + " [" + oneLine(p.Step) + "]"
}

func oneLine(p Plan) string {
	ins := p.Inputs()
	if len(ins) == 0 {
		return p.String()
	}
	parts := make([]string, len(ins))
	for i, in := range ins {
		parts[i] = "(" + oneLine(in) + ")"
	}
	return p.String() + " FROM " + strings.Join(parts, ", ")
}

// Open implements Plan.
func (p *Recursive) Open(env *Env) (Operator, error) {
	r := &recursive{plan: p, held: make([][]*zset.Batch, len(p.Ins)), most: env.MaxRecursion, hold: env.hold}
	if r.most <= 0 {
		r.most = DefaultMaxRecursion
	}
	var check func(int) error
	if env.check != nil {
		check = func(int) error { return env.check(env.Worker) }
	}
	var err error
	r.step, err = NewCircuit(p.Step, CircuitOptions{
		Workers: 1, Stores: []state.Store{inside{env.State, env.Name + "/"}}, EvalErrorNull: env.EvalErrorNull, MaxRecursion: env.MaxRecursion, asides: env.asides,
		Out: func(_ int, delta *zset.Batch) error { return r.out(delta) }, Check: check, hold: env.hold,
	})
	if err != nil {
		return nil, err
	}
	if p.All {
		return &recursiveAll{recursive: r}, nil
	}
	d := &recursiveSet{recursive: r}
	return d, d.open(env)
}

// inside is a store whose tables have the name of the operator that they are inside of.
type inside struct {
	state.Store
	prefix string
}

func (s inside) Map(name string, m state.MapShape) (state.Map, error) {
	return s.Store.Map(s.prefix+name, m)
}

func (s inside) Index(name string, x state.IndexShape) (state.Index, error) {
	return s.Store.Index(s.prefix+name, x)
}

func (s inside) Ordered(name string) (state.Ordered, error) { return s.Store.Ordered(s.prefix + name) }

// recursive is what both kinds of recursion have in common.
type recursive struct {
	plan *Recursive
	step *Circuit
	held [][]*zset.Batch // of each input, of this epoch
	most int
	hold func(bytes int64)
	out  func(delta *zset.Batch) error // takes what a round puts out
}

func (r *recursive) Apply(_ context.Context, _ *Step, port int, delta *zset.Batch) error {
	r.held[port] = append(r.held[port], r.keep(delta))
	return nil
}

// keep copies rows that are held for a while.
func (r *recursive) keep(delta *zset.Batch) *zset.Batch {
	b := delta.Clone()
	r.hold(int64(b.Size()))
	return b
}

// drop notes that rows are held no more.
func (r *recursive) drop(batches []*zset.Batch) {
	for _, b := range batches {
		r.hold(-int64(b.Size()))
	}
}

// idle reports that nothing came in.
func (r *recursive) idle() bool {
	for _, h := range r.held {
		if len(h) > 0 {
			return false
		}
	}
	return true
}

// round runs the step on what push puts into it.
func (r *recursive) round(ctx context.Context, s *Step, push func() error) error {
	s.expr() // another seed
	r.step.Begin(s.Epoch, s.Now, s.Seed)
	if err := push(); err != nil {
		return err
	}
	return r.step.Finish(ctx)
}

// first is the round of what the step reads beside the recursion. It is never left out: an
// operator may put out rows of its own accord.
func (r *recursive) first(ctx context.Context, s *Step) error {
	return r.round(ctx, s, func() error {
		for i, scan := range r.plan.Reads {
			if err := r.push(ctx, scan, r.held[1+i]); err != nil {
				return err
			}
			r.drop(r.held[1+i])
			r.held[1+i] = nil
		}
		return nil
	})
}

func (r *recursive) push(ctx context.Context, scan *Scan, batches []*zset.Batch) error {
	for _, b := range batches {
		err := b.Parts(func(p *zset.Batch) error { return r.step.Push(ctx, 0, scan, p) })
		if err != nil {
			return err
		}
	}
	return nil
}

// endless is the error of a recursion that takes too many rounds.
func (r *recursive) endless() error {
	err := fmt.Errorf("the recursive query %s has not ended after %d rounds; SET cte_max_recursion_depth = … allows more", r.plan.Name, r.most)
	if r.plan.All {
		return fmt.Errorf("%w, and UNION in the place of UNION ALL ends where rows come again", err)
	}
	return err
}

// recursiveAll is the recursion of UNION ALL.
type recursiveAll struct{ *recursive }

func (r *recursiveAll) Finish(ctx context.Context, s *Step) error {
	if r.idle() {
		return nil
	}
	fresh := r.held[0]
	r.held[0] = nil
	r.out = func(delta *zset.Batch) error {
		fresh = append(fresh, r.keep(delta))
		return nil
	}
	if err := r.first(ctx, s); err != nil {
		return err
	}
	for rounds := 0; len(fresh) > 0; rounds++ {
		last := zset.Split(maxText, fresh...)
		r.drop(fresh)
		for _, b := range last {
			b.Schema = r.plan.Out
			if err := b.Parts(s.Emit); err != nil {
				return err
			}
		}
		if len(last) > 0 && rounds == r.most {
			return r.endless()
		}
		fresh = nil
		if err := r.round(ctx, s, func() error { return r.push(ctx, r.plan.Self, last) }); err != nil {
			return err
		}
	}
	return nil
}
