package cold

import (
	"errors"
	"slices"

	"github.com/sqlstream/sqlstream/state"
	"github.com/sqlstream/sqlstream/state/memory"
)

// A Tier is what the stores of one dataflow have beyond memory. It begins with nothing: a
// database is opened when memory is passed for the first time.
type Tier struct {
	open func(memory int64) (*DB, error)
	dbs  []*DB // the first is written to; others came with stores of another dataflow
}

// NewTier returns a tier that opens its database so, of so much memory in all.
func NewTier(open func(memory int64) (*DB, error)) *Tier { return &Tier{open: open} }

// Spill moves state of stores out of memory where they hold more than so many bytes. So that
// this is not to be done again at once they then hold a quarter less, as far as may be.
func (t *Tier) Spill(stores []*memory.Store, bytes int64) (err error) {
	defer Caught(&err)
	held := make([]int64, len(stores))
	all := int64(0)
	for i, s := range stores {
		for _, u := range s.Usage() {
			held[i] += u.Bytes
		}
		all += held[i]
	}
	if all <= bytes {
		return nil
	}
	db, err := t.DB(bytes)
	if err != nil {
		return err
	}
	for i, s := range stores {
		s.Spill(db, int64(float64(held[i])/float64(all)*float64(bytes)*3/4))
	}
	return nil
}

// DB returns the database that is written to, opened for so much memory in all where it is
// not.
func (t *Tier) DB(memory int64) (*DB, error) {
	if len(t.dbs) == 0 {
		db, err := t.open(memory)
		if err != nil {
			return nil, err
		}
		t.dbs = append(t.dbs, db)
	}
	return t.dbs[0], nil
}

// Caught makes an error of a fault.
func Caught(err *error) {
	switch x := recover().(type) {
	case nil:
	case *state.Fault:
		*err = x
	default:
		panic(x)
	}
}

// Held is the bytes of memory that the databases themselves hold, at most.
func (t *Tier) Held() int64 {
	n := int64(0)
	for _, db := range t.dbs {
		n += db.Held()
	}
	return n
}

// Take takes over what another tier has, whose stores are now those of this one.
func (t *Tier) Take(from *Tier) {
	t.dbs = append(t.dbs, from.dbs...)
	from.dbs = nil
}

// Close removes all.
func (t *Tier) Close() error {
	var errs []error
	for _, db := range slices.Backward(t.dbs) {
		errs = append(errs, db.Close())
	}
	t.dbs = nil
	return errors.Join(errs...)
}
