package exec

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A Rank is how rows of an order are numbered from 1 on.
type Rank uint8

// The ways.
const (
	RowNumber Rank = iota // one after the other
	RankTies              // peers have the number of their first
	DenseRank             // peers have one number, and the next ones the next
)

// TopN keeps the rows of each partition whose number in an order is greater than Offset
// and at most Offset + Limit. Where sort keys are equal, all columns in turn decide.
//
//	Apply   holds the rows
//	Finish  emits, for each partition that changes, the first rows now - those before, and
//	        forgets those that the watermark has passed; with Forget it takes back and
//	        forgets those to which no row has come for a time
//
// State: partition, sort keys, row -> weight. While the input only adds rows, no more of a
// partition than those numbered up to Offset + Limit, which with DenseRank are not known; then
// also partition -> the beginning of the key of the last of these, behind which Apply passes
// over rows.
type TopN struct {
	Input      Plan
	Partition  []int
	Keys       []SortKey
	Limit      int64 // -1 for none
	Offset     int64
	By         Rank
	Ties       bool          // peers of the last row are kept, too
	Number     bool          // a further column has the number
	AppendOnly bool          // the input only ever adds rows
	Until      Watermark     // of the first column of Partition, which is not NULL; nil for none
	Forget     int64         // for so many microseconds a partition is kept to which no row comes; 0 for ever. Then the input only adds rows
	Out        *types.Schema // the input's columns, then the number
}

// Inputs implements Plan.
func (p *TopN) Inputs() []Plan { return []Plan{p.Input} }

// Schema implements Plan.
func (p *TopN) Schema() *types.Schema { return p.Out }

// String implements Plan.
func (p *TopN) String() string {
	out := "Top"
	if p.Limit >= 0 {
		out += fmt.Sprint(" ", p.Limit)
	}
	if p.Offset > 0 {
		out += fmt.Sprint(" offset ", p.Offset)
	}
	out += [...]string{"", " by rank", " by dense rank"}[p.By]
	if p.Ties {
		out += " with ties"
	}
	fields := p.Input.Schema().Fields
	var parts []string
	for _, k := range p.Keys {
		name := fields[k.Column].Name
		if k.Desc {
			name += " DESC"
		}
		parts = append(parts, name)
	}
	if len(parts) > 0 {
		out += " BY " + strings.Join(parts, ", ")
	}
	parts = parts[:0]
	for _, c := range p.Partition {
		parts = append(parts, fields[c].Name)
	}
	if len(parts) > 0 {
		out += " PER " + strings.Join(parts, ", ")
	}
	return out + forgets(fields, p.Partition, p.Until) + untouched(p.Forget)
}

// forgets says when partitions are forgotten, for printing.
func forgets(fields []types.Field, partition []int, until Watermark) string {
	if until == nil {
		return ""
	}
	return " FORGETS " + fields[partition[0]].Name + " < " + until.String()
}

// Open implements Plan.
func (p *TopN) Open(env *Env) (Operator, error) {
	rows, err := openPartitions(env, p.Partition, p.Keys, p.Until)
	t := &topN{plan: p, rows: rows, out: zset.NewBuilder(p.Out), last: math.MaxInt64}
	t.number, t.overflow = t.numberRow, t.keepBeyond
	if p.Limit >= 0 && p.Limit <= math.MaxInt64-p.Offset {
		t.last = p.Offset + p.Limit
	}
	t.alone = t.firstAlone()
	if err == nil && p.AppendOnly && p.By != DenseRank && t.last < math.MaxInt64 {
		t.full, err = openFullPartitions(env, p.Input.Schema(), p.Partition, p.Until != nil)
		t.full.peers, t.full.single = t.ranked(), t.last == 1
	}
	if err == nil {
		err = t.openAges(env)
	}
	return t, err
}

// ranked reports that peers have one number.
func (t *topN) ranked() bool { return t.plan.By != RowNumber || t.plan.Ties && t.plan.Limit != 0 }

type topN struct {
	plan  *TopN
	ages  *ages // of the partitions; nil where they are kept for ever
	rows  *partitions
	last  int64           // the last number that is kept
	alone bool            // only the first row and its peers are, see firstAlone
	head  []byte          // of a partition, in steady
	full  *fullPartitions // nil where rows behind the last may come to the front
	out   *zset.Builder

	before, now topRows
	beyond      topRows

	walk             numbering
	number, overflow func(key []byte, weight int64) bool // of a walk: numberRow, keepBeyond
}

func (t *topN) Apply(_ context.Context, s *Step, _ int, delta *zset.Batch) error {
	if err := t.touch(s, delta); err != nil {
		return err
	}
	if t.full == nil {
		t.rows.hold(delta, nil)
		return nil
	}
	sel, err := t.full.before(s.Mem, delta, t.rows)
	if err == nil {
		t.rows.hold(delta, sel)
	}
	return err
}

func (t *topN) Finish(_ context.Context, s *Step) error {
	if err := t.forgetUntouched(s); err != nil {
		return err
	}
	err := t.rows.settle(func(partition []byte, changes []storedRow) error {
		if t.alone {
			if steady, err := t.steady(s, partition, changes); steady || err != nil {
				return err
			}
		}
		t.first(partition, &t.before)
		if t.full != nil {
			return t.grow(s, partition, changes)
		}
		t.rows.apply(changes)
		if stop := t.before.stop; len(stop) > 0 && bytes.Compare(changes[0].key, stop) >= 0 {
			return nil
		}
		t.first(partition, &t.now)
		return t.emitDifference(s)
	})
	if err != nil {
		return err
	}
	passed, err := t.rows.forget(nil)
	if err != nil {
		return err
	}
	if t.full != nil {
		if err := t.full.settle(passed); err != nil {
			return err
		}
	}
	if t.ages != nil {
		t.ages.settle(s.Now)
	}
	return t.flush(s, 1)
}

// grow adds rows to a partition that none are taken from, as far as they come before the
// last that is kept.
func (t *topN) grow(s *Step, partition []byte, changes []storedRow) error {
	added := int64(0)
	for i, c := range changes {
		full := added >= t.last && !(i > 0 && t.together(c.key, changes[i-1].key))
		if n := len(t.before.rows); !full && t.before.total >= t.last && n > 0 {
			last := t.before.key(n - 1)
			full = bytes.Compare(c.key, last) > 0 && !t.together(c.key, last)
		}
		if full {
			changes = changes[:i]
			break
		}
		added += min(c.weight, t.last)
	}
	if len(changes) == 0 {
		return nil
	}
	t.rows.apply(changes)
	if t.before.total+added > t.last && !t.full.peers {
		t.trim(partition)
	}
	t.first(partition, &t.now)
	if t.full.peers {
		t.dropBehind(partition, t.now.stop)
	}
	if n := len(t.now.rows); t.now.total >= t.last && n > 0 {
		t.full.set(partition, t.now.key(n-1))
	}
	return t.emitDifference(s)
}

// together reports that a row is kept where another one is, since they are peers.
func (t *topN) together(a, b []byte) bool { return t.full.peers && arePeers(a, b) }

// emitDifference puts out the rows now without those before.
func (t *topN) emitDifference(s *Step) error {
	b, n := &t.before, &t.now
	for i, j := 0, 0; i < len(b.rows) || j < len(n.rows); {
		c := 0
		switch {
		case i == len(b.rows):
			c = 1
		case j == len(n.rows):
			c = -1
		default:
			if c = bytes.Compare(b.key(i), n.key(j)); c == 0 && t.plan.Number {
				c = int(max(-1, min(1, b.rows[i].number-n.rows[j].number)))
			}
		}
		var err error
		switch {
		case c < 0:
			err = t.emit(s, b.key(i), b.rows[i].number, -b.rows[i].weight)
			i++
		case c > 0:
			err = t.emit(s, n.key(j), n.rows[j].number, n.rows[j].weight)
			j++
		default:
			err = t.emit(s, n.key(j), n.rows[j].number, n.rows[j].weight-b.rows[i].weight)
			i++
			j++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *topN) emit(s *Step, key []byte, number, weight int64) error {
	if weight == 0 {
		return nil
	}
	width := t.plan.Input.Schema().Len()
	storedRow{key, weight}.columns(t.out.Cols[:width])
	if t.plan.Number {
		vec.AppendInt(t.out.Cols[width], number)
	}
	t.out.EndRowWeight(weight)
	return t.flush(s, vec.BatchRows)
}

// flush puts out the rows that were built, where they are at least so many.
func (t *topN) flush(s *Step, least int) error {
	if t.out.Len() < least {
		return nil
	}
	err := s.Emit(t.out.Build())
	t.out.Reset()
	return err
}
