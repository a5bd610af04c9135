package format

import (
	"github.com/sqlstream/sqlstream/sql/types"
	"github.com/sqlstream/sqlstream/vec"
	"github.com/sqlstream/sqlstream/zset"
)

// A jsonQuick reads a record in one pass, values straight into their columns. It
// foresees the name of each member from the one before, so that most names cost one
// or two comparisons of a word, however many layouts a topic has; a name that was
// not foreseen is found by its hash.
//
// It checks everything that the grammar asks for, and gives up, without a reason,
// on whatever is wrong or rare: a wanted member that is there twice, a value that
// does not fit, deep nesting. Its laws are those of jsonStrict.
type jsonQuick struct {
	root   *jsonShape
	cols   []int // payload columns
	values *jsonValues

	row  uint64
	seen []uint64 // by member: the row in which it was seen last
	set  int      // columns that have a value of this row

	s   []byte
	out []*vec.Builder

	day   [10]byte // the date that was read last
	begun int64    // when that day began
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
	opObject // an object with wanted members
	opBoth   // that, and wanted itself
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

func newJSONQuick(root *jsonNode, members int, payload []int, colTypes []types.Type, values *jsonValues) *jsonQuick {
	return &jsonQuick{root: newJSONShape(root, colTypes, values), cols: payload, values: values, seen: make([]uint64, members)}
}

// record reads one record into the payload columns, or gives up: some columns may
// then have a value that is to be taken back.
func (q *jsonQuick) record(s []byte, b *zset.Builder) bool {
	q.s, q.out, q.set = s, b.Cols, 0
	q.row++
	at := blanks(s, 0)
	if at >= len(s) || s[at] != '{' {
		return false
	}
	if at = q.object(q.root, at); at < 0 || at < len(s) && blanks(s, at) < len(s) {
		return false
	}
	if q.set < len(q.cols) {
		for _, c := range q.cols {
			if q.out[c].Len() == b.Len() {
				q.out[c].AppendNull()
			}
		}
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

// object reads an object and returns its end, -1 to give up. So do all below.
func (q *jsonQuick) object(h *jsonShape, at int) int {
	s := q.s
	if at = blanks(s, at+1); at < len(s) && s[at] == '}' {
		return at + 1
	}
	follow := &h.first
	for at < len(s) {
		var n *jsonName
		for _, k := range follow.at {
			if k == 0 {
				break
			}
			if m := &h.names[k-1]; m.matches(s, at) {
				n, at = m, at+len(m.literal)
				break
			}
		}
		if n == nil {
			if n, at = h.lookup(follow, s, at); at < 0 {
				return -1
			}
		}
		if at < len(s) && s[at] <= ' ' {
			at = blanks(s, at)
		}
		if at = q.value(n, at); uint(at) >= uint(len(s)) {
			return -1
		}
		if s[at] <= ' ' {
			if at = blanks(s, at); at >= len(s) {
				return -1
			}
		}
		if s[at] != ',' {
			if s[at] == '}' {
				return at + 1
			}
			return -1
		}
		if at++; at < len(s) && s[at] <= ' ' {
			at = blanks(s, at)
		}
		follow = &n.next
	}
	return -1
}

// value reads the value of a member.
func (q *jsonQuick) value(n *jsonName, at int) int {
	if at >= len(q.s) {
		return -1
	}
	if n.op == opSkip {
		return skipValue(q.s, at, maxQuickDepth)
	}
	if q.seen[n.member] == q.row {
		return -1
	}
	q.seen[n.member] = q.row
	if n.op >= opObject {
		return q.nested(n, at)
	}
	q.set++
	col := q.out[n.col]
	end := -1
	switch n.op {
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

// nested reads an object with wanted members. Where a value of another kind stands,
// they are missing.
func (q *jsonQuick) nested(n *jsonName, at int) int {
	end := -1
	if q.s[at] == '{' {
		end = q.object(n.kids, at)
	} else {
		end = skipValue(q.s, at, maxQuickDepth)
	}
	if n.op == opBoth && end >= 0 {
		q.set++
		if !q.values.fits(q.out[n.col], q.s[at:end]) {
			return -1
		}
	}
	return end
}

// timestamp reads a time since 1970, or YYYY-MM-DD HH:MM:SS[.f][Z] with a blank or T
// between. The date is most often that of the row before.
func (q *jsonQuick) timestamp(col *vec.Builder, at int) int {
	s := q.s
	if s[at] != '"' {
		v, end := wholeNumber(s, at)
		if end < 0 || v > maxMicros/q.values.unit || v < -maxMicros/q.values.unit {
			return -1
		}
		vec.Append(col, roundMicros(v*q.values.unit, col.Type().Precision))
		return end
	}
	at++
	if at+20 > len(s) {
		return -1
	}
	if [10]byte(s[at:at+10]) != q.day {
		days, ok := types.ParseDate(s[at : at+10])
		if !ok {
			return -1
		}
		q.day, q.begun = [10]byte(s[at:at+10]), int64(days)*types.MicrosPerDay
	}
	clock, end := clockTime(s, at+11)
	if end < 0 || s[at+10] != ' ' && s[at+10] != 'T' {
		return -1
	}
	vec.Append(col, roundMicros(q.begun+clock, col.Type().Precision))
	return end
}
