package format

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A jsonQuick reads a record in one pass, values straight into their columns. One
// whose layout has been seen is a walk along learned steps (see jsonStep): records of
// a topic have few layouts, but for the order of members. Another is read by the
// grammar, names found by their hash, and teaches its steps.
//
// Either checks everything that the grammar asks for, and gives up, without a
// reason, on whatever is wrong or rare: a wanted member that is there twice, a value
// that does not fit, deep nesting. The laws are those of jsonStrict.
type jsonQuick struct {
	root   *jsonShape
	cols   []int // payload columns
	values *jsonValues

	every uint64   // bits of all members; 0 where there are too many, and no steps then
	all   bool     // the row has a value in each column
	row   uint64   // of those read by the grammar
	seen  []uint64 // by member: the row in which it was seen last

	s   []byte
	out []*vec.Builder

	day   [10]byte // the date that was read last
	begun int64    // when that day began

	start    jsonPlace
	trust    int // in the steps: records that were walked, less those that were not
	pause    int // records to go until the steps are tried again
	teaching bool
	last     int // end of the value before
	leaves   []jsonLeaf
	opened   []int32 // wanted objects in this record
}

// A jsonOp says how a value is read.
type jsonOp uint8

const (
	opSkip jsonOp = iota
	opOther
	opBigInt
	opInt // the other signed whole numbers
	opText
	opDouble
	opDecimal
	opTimestamp
	opBoolean
	opObject  // an object with wanted members
	opBoth    // that, and wanted itself
	opMissing // in steps: no object where one was looked for
	opEnd     // in steps: the record ends
)

func opOf(t types.Type) jsonOp {
	switch t.Kind {
	case types.BigInt:
		return opBigInt
	case types.TinyInt, types.SmallInt, types.Int:
		return opInt
	case types.Varchar:
		return opText
	case types.Double:
		return opDouble
	case types.Decimal:
		return opDecimal
	case types.Timestamp:
		return opTimestamp
	case types.Boolean:
		return opBoolean
	}
	return opOther
}

// maxQuickDepth is how deep a value that is skipped may nest in the quick pass.
const maxQuickDepth = 64

// Steps are left aside for some records when too few can be walked.
const (
	mostTrust  = 64
	lostTrust  = 4 // for each record that could not be walked
	pauseSteps = 512
)

func newJSONQuick(root *jsonNode, members int, payload []int, colTypes []types.Type, values *jsonValues) *jsonQuick {
	q := &jsonQuick{
		root: newJSONShape(root, colTypes, values), cols: payload, values: values,
		seen: make([]uint64, members), trust: mostTrust,
	}
	if members <= 64 {
		q.every = ^uint64(0) >> (64 - members)
	}
	return q
}

// takeBack takes back the values of the record. Columns that are not the payload's
// may already have theirs.
func (q *jsonQuick) takeBack(b *zset.Builder) {
	for _, at := range q.cols {
		b.Cols[at].Truncate(b.Len())
	}
}

// record reads one record into the payload columns, or gives up: some columns may
// then have a value that is to be taken back.
func (q *jsonQuick) record(s []byte, b *zset.Builder) bool {
	q.s, q.out = s, b.Cols
	q.teaching = q.pause == 0 && len(q.seen) <= 64
	switch {
	case q.pause > 0:
		q.pause--
	case q.walk():
		q.trust = min(q.trust+1, mostTrust)
		if !q.all {
			q.fill(b)
		}
		return true
	default:
		if q.trust -= lostTrust; q.trust < 0 {
			q.trust, q.pause = mostTrust/2, pauseSteps
		}
		q.takeBack(b)
	}
	if !q.whole() {
		return false
	}
	q.fill(b)
	return true
}

// fill makes columns NULL that no member had a value for.
func (q *jsonQuick) fill(b *zset.Builder) {
	for _, c := range q.cols {
		if q.out[c].Len() == b.Len() {
			q.out[c].AppendNull()
		}
	}
}

// walk reads a record along the steps.
func (q *jsonQuick) walk() bool {
	s, at := q.s, 0
	var got uint64
	var looked, simple bool
	for place := &q.start; ; {
		var st *jsonStep
		if at+8 > len(s) {
			st = place.last(s, at)
		} else {
			head := word(s, at)
			for i := range place.steps {
				c := &place.steps[i]
				if head&c.mask != c.head {
					continue
				}
				if c.plain && at+len(c.literal) < len(s) {
					if word(s, at+c.back)&c.mask == c.tail {
						st = c
						break
					}
				} else if c.matches(s, at) {
					st = c
					break
				}
			}
		}
		if st == nil || got&st.bits != 0 {
			return false
		}
		got |= st.bits
		at += len(st.literal)
		switch st.op {
		case opEnd:
			q.all = got == q.every
			return true
		case opSkip, opMissing:
			if at >= len(s) || s[at] != '"' {
				at = skipValue(s, at, maxQuickDepth)
				break
			}
			if !looked {
				looked, simple = true, isSimple(s)
			}
			if !simple {
				at = skipText(s, at)
				break
			}
			at = skipSimple(s, at)
		case opText:
			end := -1
			if simple && at < len(s) && s[at] == '"' {
				end = putSimple(q.out[st.col], s, at)
			} else {
				end = putText(q.out[st.col], s, at)
			}
			if end >= 0 {
				at = end
				break
			}
			at = q.other(q.out[st.col], at)
		case opBigInt:
			if v, end := wholeNumber(s, at); end >= 0 {
				vec.Append(q.out[st.col], v)
				at = end
				break
			}
			at = q.other(q.out[st.col], at)
		case opTimestamp:
			if end := q.timestamp(q.out[st.col], at); end >= 0 {
				at = end
				break
			}
			at = q.other(q.out[st.col], at)
		default:
			at = q.put(st.op, q.out[st.col], at)
		}
		if at < 0 {
			return false
		}
		place = st.next
	}
}

// whole reads a record by the grammar.
func (q *jsonQuick) whole() bool {
	q.row++
	q.last, q.leaves, q.opened = 0, q.leaves[:0], q.opened[:0]
	s := q.s
	at := blanks(s, 0)
	if at >= len(s) || s[at] != '{' {
		return false
	}
	if at = q.object(q.root, at); at < 0 || at < len(s) && blanks(s, at) < len(s) {
		return false
	}
	if q.teaching && len(q.leaves) < maxLeaves {
		q.leaf(opEnd, nil, len(s), len(s))
		q.learn()
	}
	return true
}

// blanks returns the first place from at on that is not blank.
func blanks(s []byte, at int) int {
	for at < len(s) && isBlank(s[at]) {
		at++
	}
	return at
}

// leaf notes a value that was read.
func (q *jsonQuick) leaf(op jsonOp, n *jsonName, at, end int) {
	if q.teaching && len(q.leaves) < maxLeaves {
		q.leaves = append(q.leaves, jsonLeaf{q.s[q.last:at], op, n, len(q.opened)})
		q.last = end
	}
}

// object reads an object and returns its end, -1 to give up. So do all below.
func (q *jsonQuick) object(h *jsonShape, at int) int {
	s := q.s
	if at = blanks(s, at+1); at < len(s) && s[at] == '}' {
		return at + 1
	}
	for at < len(s) {
		var n *jsonName
		if n, at = h.lookup(s, at); at < 0 {
			return -1
		}
		if n == &h.other {
			q.teaching = false
		}
		if at = q.value(n, blanks(s, at)); at < 0 {
			return -1
		}
		if at = blanks(s, at); at >= len(s) {
			return -1
		}
		if s[at] == '}' {
			return at + 1
		}
		if s[at] != ',' {
			return -1
		}
		at = blanks(s, at+1)
	}
	return -1
}

// value reads the value of a member.
func (q *jsonQuick) value(n *jsonName, at int) int {
	if at >= len(q.s) {
		return -1
	}
	if n.op == opSkip {
		end := skipValue(q.s, at, maxQuickDepth)
		q.leaf(opSkip, n, at, end)
		return end
	}
	if q.seen[n.member] == q.row {
		return -1
	}
	q.seen[n.member] = q.row
	if n.op == opObject || n.op == opBoth {
		return q.nested(n, at)
	}
	end := q.put(n.op, q.out[n.col], at)
	q.leaf(n.op, n, at, end)
	return end
}

// nested reads an object with wanted members. Where a value of another kind stands,
// they are missing.
func (q *jsonQuick) nested(n *jsonName, at int) int {
	end := -1
	if q.s[at] == '{' {
		q.opened = append(q.opened, n.member)
		end = q.object(n.kids, at)
	} else {
		end = skipValue(q.s, at, maxQuickDepth)
		q.opened = append(q.opened, n.member)
		q.leaf(opMissing, n, at, end)
	}
	if n.op == opBoth && end >= 0 {
		q.teaching = false
		if !q.values.fits(q.out[n.col], q.s[at:end]) {
			return -1
		}
	}
	return end
}

// put reads a value into a column.
func (q *jsonQuick) put(op jsonOp, col *vec.Builder, at int) int {
	end := -1
	switch op {
	case opText:
		end = putText(col, q.s, at)
	case opBigInt:
		var v int64
		if v, end = wholeNumber(q.s, at); end >= 0 {
			vec.Append(col, v)
		}
	case opInt:
		var v int64
		if v, end = wholeNumber(q.s, at); end >= 0 && !vec.AppendInt(col, v) {
			return -1
		}
	case opTimestamp:
		end = q.timestamp(col, at)
	case opDouble:
		end = putDouble(col, q.s, at)
	case opDecimal:
		end = putDecimal(col, q.s, at)
	case opBoolean:
		end = putBoolean(col, q.s, at)
	}
	if end >= 0 {
		return end
	}
	return q.other(col, at)
}

// other reads any value by its text.
func (q *jsonQuick) other(col *vec.Builder, at int) int {
	end := skipValue(q.s, at, maxQuickDepth)
	if end < 0 || !q.values.fits(col, q.s[at:end]) {
		return -1
	}
	return end
}
