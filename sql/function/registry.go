package function

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A Registry holds the functions a database knows: the built-in ones and those its
// user added. It may be used from several goroutines.
type Registry struct {
	mu         sync.RWMutex
	scalars    map[string]*Scalar
	aggregates map[string]*Aggregate
	tables     map[string]*Table
}

// NewRegistry returns a registry of the lists given.
func NewRegistry(scalars []Scalar, aggregates []Aggregate, tables []Table) *Registry {
	r := &Registry{scalars: map[string]*Scalar{}, aggregates: map[string]*Aggregate{}, tables: map[string]*Table{}}
	for i := range tables {
		t := &tables[i]
		for _, n := range append([]string{t.Name}, t.Aliases...) {
			r.tables[n] = t
		}
	}
	for i := range scalars {
		r.putScalar(&scalars[i])
	}
	for i := range aggregates {
		r.putAggregate(&aggregates[i])
	}
	return r
}

func (r *Registry) putScalar(s *Scalar) {
	for _, n := range append([]string{s.Name}, s.Aliases...) {
		r.scalars[n] = s
	}
}

func (r *Registry) putAggregate(a *Aggregate) {
	for _, n := range append([]string{a.Name}, a.Aliases...) {
		r.aggregates[n] = a
	}
}

// AddScalar adds a user's function. A name that is taken is an error.
func (r *Registry) AddScalar(s *Scalar) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken(s.Name) {
		return fmt.Errorf("a function %s exists already", s.Name)
	}
	r.putScalar(s)
	return nil
}

// AddAggregate adds a user's aggregate. A name that is taken is an error.
func (r *Registry) AddAggregate(a *Aggregate) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken(a.Name) {
		return fmt.Errorf("a function %s exists already", a.Name)
	}
	r.putAggregate(a)
	return nil
}

func (r *Registry) taken(name string) bool {
	return r.scalars[name] != nil || r.aggregates[name] != nil
}

// Scalar returns the function of that name, letter case ignored.
func (r *Registry) Scalar(name string) (*Scalar, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s, ok := r.scalars[strings.ToLower(name)]
	return s, ok
}

// Aggregate returns the aggregate of that name, letter case ignored.
func (r *Registry) Aggregate(name string) (*Aggregate, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a, ok := r.aggregates[strings.ToLower(name)]
	return a, ok
}

// Table returns the table function of that name, letter case ignored.
func (r *Registry) Table(name string) (*Table, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t, ok := r.tables[strings.ToLower(name)]
	return t, ok
}

// Tables lists the table functions by name, each once.
func (r *Registry) Tables() []*Table {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return distinct(r.tables, func(t *Table) string { return t.Name })
}

// Scalars lists the functions by name, each once.
func (r *Registry) Scalars() []*Scalar {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return distinct(r.scalars, func(s *Scalar) string { return s.Name })
}

// Aggregates lists the aggregates by name, each once.
func (r *Registry) Aggregates() []*Aggregate {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return distinct(r.aggregates, func(a *Aggregate) string { return a.Name })
}

func distinct[T any](m map[string]*T, name func(*T) string) []*T {
	var out []*T
	for n, v := range m {
		if n == name(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *T) int { return strings.Compare(name(a), name(b)) })
	return out
}

// Names lists all names, aliases included, in order.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []string
	for n := range r.scalars {
		out = append(out, n)
	}
	for n := range r.aggregates {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// A fit is how far arguments are converted to fit an overload.
type fit uint8

const (
	exactly  fit = iota
	widened      // by implicit conversions, and to text
	rounding     // also numbers to whole numbers: LEFT(s, n / 2)
)

// Resolve returns the overload for arguments of the types given and the types that
// they are to be converted to. Exact matches come before conversions.
func (s *Scalar) Resolve(args []types.Type) (*Overload, []types.Type, error) {
	for _, how := range []fit{exactly, widened, rounding} {
		for i := range s.Overloads {
			if to, ok := s.Overloads[i].fits(args, how); ok {
				return &s.Overloads[i], to, nil
			}
		}
	}
	have := make([]string, len(args))
	for i, t := range args {
		have[i] = t.String()
	}
	return nil, nil, fmt.Errorf("%s(%s) does not exist; there is %s", s.Name, strings.Join(have, ", "), s.Signatures())
}

// Signatures lists the overloads as "name(VARCHAR, BIGINT)".
func (s *Scalar) Signatures() string {
	var out []string
	for _, o := range s.Overloads {
		var ps []string
		for _, p := range o.Args {
			name := p.Type.String()
			switch {
			case p.Name != "":
				name = p.Name
			case o.Same || p.Type.Kind == types.Null:
				name = "any"
			case p.Type.Equal(Numeric):
				name = "DECIMAL"
			}
			ps = append(ps, name)
		}
		if o.Variadic {
			ps[len(ps)-1] += " …"
		}
		if sig := s.Name + "(" + strings.Join(ps, ", ") + ")"; !slices.Contains(out, sig) {
			out = append(out, sig)
		}
	}
	return strings.Join(out, ", ")
}

// Takes reports that an overload takes arguments of the types, converted where need be.
func (o *Overload) Takes(args []types.Type) bool {
	for _, how := range []fit{exactly, widened, rounding} {
		if _, ok := o.fits(args, how); ok {
			return true
		}
	}
	return false
}

func (o *Overload) fits(args []types.Type, how fit) ([]types.Type, bool) {
	if o.Fit != nil {
		return o.Fit(args)
	}
	exact := how == exactly
	n := len(o.Args)
	if o.Variadic {
		if len(args) < n-1 {
			return nil, false
		}
	} else if len(args) != n {
		return nil, false
	}
	to := make([]types.Type, len(args))
	if o.Same {
		t, ok := types.Common(args...)
		for i := range to {
			to[i] = t
		}
		return to, ok && !t.IsNested() && t.Kind != types.Interval
	}
	for i, a := range args {
		want := o.Args[min(i, n-1)].Type
		switch {
		case want.Kind == types.Null:
			to[i] = a
		case a.Kind == types.Null:
			to[i] = want
		case want.Kind == types.Decimal && a.Kind == types.Decimal:
			to[i] = a
		case want.Kind == types.Decimal && a.IsInteger() && !exact:
			d, _ := types.DecimalDigits(a)
			to[i] = d
		case exact && a.Kind == want.Kind && a.Zoned == want.Zoned:
			to[i] = want
		case !exact && want.Kind != types.Decimal && types.Implicit(a, want) && !(a.IsFloat() && !want.IsFloat()) && !(a.Kind == types.Decimal && want.IsInteger()):
			to[i] = want
		case !exact && want.Kind == types.Varchar && a.Kind != types.Binary && !a.IsNested():
			to[i] = want // as MySQL, text functions take numbers and times, too
		case how == rounding && want.IsInteger() && a.IsNumeric():
			to[i] = want
		default:
			return nil, false
		}
		if a.Kind == types.Date && to[i].Kind == types.Timestamp {
			to[i].Precision = 0
		}
		switch same := to[i].Kind == a.Kind && (a.Kind == types.Varchar || a.IsTemporal()); {
		case same && to[i].Zoned == a.Zoned:
			to[i] = a // length and precision are no concern of the layout
		case same:
			to[i].Precision = a.Precision
		}
	}
	return to, true
}
