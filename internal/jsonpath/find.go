package jsonpath

import "errors"

// MaxDepth is how deep a document may be nested that ** looks into, as MySQL has it for
// all documents: what it finds may be as many copies of a document as that is deep.
const MaxDepth = 100

// ErrDepth is the error of a path with ** in a document that is nested too deeply.
var ErrDepth = errors.New("** does not look into a document that is nested more than 100 deep")

// Find appends the values in a document that the path leads to, in the order of the
// document, each once.
func (p *Path) Find(doc []byte, out [][]byte) ([][]byte, error) {
	if p.deep {
		return p.findDeep(Trim(doc), out)
	}
	return find(Trim(doc), p.Steps, out), nil
}

// Leads reports that the path leads to a value in a document.
func (p *Path) Leads(doc []byte) (bool, error) {
	if !p.Many {
		return one(Trim(doc), p.Steps) != nil, nil
	}
	found, err := p.Find(doc, nil)
	return len(found) > 0, err
}

// One returns the value that a path which is not for many leads to, nil for none.
func (p *Path) One(doc []byte) []byte { return one(Trim(doc), p.Steps) }

// Value returns the value that the path leads to, nil for none, and an array of several.
func (p *Path) Value(doc []byte) (value []byte, many bool, err error) {
	if !p.Many {
		return p.One(doc), false, nil
	}
	found, err := p.Find(doc, nil)
	if len(found) > 1 {
		return Join(nil, found), true, err
	}
	if len(found) == 1 {
		value = found[0]
	}
	return value, false, err
}

func one(doc []byte, steps []Step) []byte {
	for i := range steps {
		if steps[i].kind == toMember {
			doc = Get(doc, steps[i].Key)
		} else {
			doc = element(doc, steps[i].from)
		}
		if doc == nil {
			return nil
		}
	}
	return doc
}

func find(doc []byte, steps []Step, out [][]byte) [][]byte {
	for i := range steps {
		step := &steps[i]
		switch step.kind {
		case toMember:
			doc = Get(doc, step.Key)
		case toElement:
			doc = element(doc, step.from)
		case toElements:
			if IsArray(doc) {
				for e := range Elements(doc) {
					out = find(e, steps[i+1:], out)
				}
			}
			return out
		default:
			for _, v := range step.parts(doc, nil) {
				out = find(v, steps[i+1:], out)
			}
			return out
		}
		if doc == nil {
			return out
		}
	}
	return append(out, doc)
}

// element returns an element of an array, nil for none. What is no array is its own only
// element.
func element(doc []byte, p position) []byte {
	if !IsArray(doc) {
		if p.n == 0 {
			return doc
		}
		return nil
	}
	at := p.n
	if p.last {
		if at = p.in(Count(doc)); at < 0 {
			return nil
		}
	}
	for e := range Elements(doc) {
		if at == 0 {
			return e
		}
		at--
	}
	return nil
}

// parts appends the values that a step other than ** leads to from one.
func (s *Step) parts(doc []byte, out [][]byte) [][]byte {
	switch s.kind {
	case toMember:
		if v := Get(doc, s.Key); v != nil {
			out = append(out, v)
		}
	case toElement:
		if v := element(doc, s.from); v != nil {
			out = append(out, v)
		}
	case toMembers:
		for _, m := range Members(nil, doc) {
			out = append(out, m.Value)
		}
	case toElements:
		if IsArray(doc) {
			for e := range Elements(doc) {
				out = append(out, e)
			}
		}
	case toRange:
		return s.between(doc, out)
	}
	return out
}

// between appends the elements of a range. What is no array is its own only element.
func (s *Step) between(doc []byte, out [][]byte) [][]byte {
	n := 1
	if IsArray(doc) {
		n = Count(doc)
	}
	from, to := max(s.from.in(n), 0), min(s.to.in(n), n-1)
	if from > to {
		return out
	}
	if !IsArray(doc) {
		return append(out, doc)
	}
	i := 0
	for e := range Elements(doc) {
		if i >= from && i <= to {
			out = append(out, e)
		}
		i++
	}
	return out
}

// findDeep goes step by step, and so meets no value twice in a step however many ways lead
// there.
func (p *Path) findDeep(doc []byte, out [][]byte) ([][]byte, error) {
	have := [][]byte{doc}
	for i := range p.Steps {
		f := finding{whole: cap(doc), seen: make([]uint64, len(doc)/64+1)}
		var parts [][]byte
		for _, v := range have {
			if p.Steps[i].kind == toEverything {
				if err := f.everything(v, 0); err != nil {
					return out, err
				}
				continue
			}
			parts = p.Steps[i].parts(v, parts[:0])
			for _, v := range parts {
				f.add(v)
			}
		}
		have = f.found
	}
	return append(out, have...), nil
}

// A finding is the values that were found, in the order in which they were.
type finding struct {
	found [][]byte
	whole int      // the capacity of the document
	seen  []uint64 // a bit for each byte of the document at which a value begins
}

// add adds a part of the document, and reports that it is a new one.
func (f *finding) add(v []byte) bool {
	at := f.whole - cap(v) // what it has behind it tells where it begins
	if f.seen[at/64]&(1<<(at%64)) != 0 {
		return false
	}
	f.seen[at/64] |= 1 << (at % 64)
	f.found = append(f.found, v)
	return true
}

// everything adds a value and all values in it, each before those in it.
func (f *finding) everything(v []byte, depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	if !f.add(v) {
		return nil // and so all in it are there
	}
	switch {
	case IsArray(v):
		for e := range Elements(v) {
			if err := f.everything(e, depth+1); err != nil {
				return err
			}
		}
	case IsObject(v):
		var buf [few]Member
		for _, m := range Members(buf[:0], v) {
			if err := f.everything(m.Value, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
