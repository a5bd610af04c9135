package kafka

import "strconv"

// A rowForm appends a row of the batch loaded to an encoder's memory, and what becomes
// of it: a weight below 0 takes it back.
type rowForm func(e *encoder, row int, weight int64) ([]byte, error)

// retractRow writes the row's object with a member op before its own.
func retractRow(e *encoder, row int, weight int64) ([]byte, error) {
	op := `{"op":"+I"`
	if weight < 0 {
		op = `{"op":"-D"`
	}
	out := append(e.buf, op...)
	object := len(out)
	out, err := e.value.append(out, row)
	if err == nil {
		out[object] = ',' // in place of its '{'
	}
	return out, err
}

// debeziumRow writes the row as an event of its own: a row without a key is never
// changed.
func debeziumRow(e *encoder, row int, weight int64) ([]byte, error) {
	before, behind, op := `{"before":null,"after":`, "", "c"
	if weight < 0 {
		before, behind, op = `{"before":`, `,"after":null`, "d"
	}
	out, err := e.value.append(append(e.buf, before...), row)
	out = append(out, behind...)
	return e.endEvent(out, op), err
}

// event writes what becomes of the row of a key, as the objects of before and after,
// nil for none.
func (e *encoder) event(before, after []byte) []byte {
	op := "u"
	switch {
	case before == nil:
		op = "c"
	case after == nil:
		op = "d"
	}
	e.room()
	from := len(e.buf)
	out := append(e.buf, `{"before":`...)
	out = append(orNull(out, before), `,"after":`...)
	e.buf = e.endEvent(orNull(out, after), op)
	return e.buf[from:len(e.buf):len(e.buf)]
}

func orNull(dst, object []byte) []byte {
	if object == nil {
		return append(dst, "null"...)
	}
	return append(dst, object...)
}

func (e *encoder) endEvent(dst []byte, op string) []byte {
	dst = append(append(dst, `,"op":"`...), op...)
	dst = append(dst, `","source":{"epoch":`...)
	return append(strconv.AppendInt(dst, e.epoch, 10), "}}"...)
}

// withOp puts a member op before those of an object.
func (e *encoder) withOp(op string, object []byte) []byte {
	e.room()
	from := len(e.buf)
	e.buf = append(append(e.buf, `{"op":"`...), op...)
	e.buf = append(append(e.buf, `",`...), object[1:]...)
	return e.buf[from:len(e.buf):len(e.buf)]
}

// object writes the row by itself.
func (e *encoder) object(row int) ([]byte, error) {
	e.room()
	from := len(e.buf)
	var err error
	e.buf, err = e.value.append(e.buf, row)
	return e.buf[from:len(e.buf):len(e.buf)], err
}
