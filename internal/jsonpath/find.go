package jsonpath

import (
	"errors"
	"slices"
)

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

// findDeep goes step by step, and so meets no value twice however many ways lead there.
func (p *Path) findDeep(doc []byte, out [][]byte) ([][]byte, error) {
	have := [][]byte{doc}
	for i := range p.Steps {
		var found [][]byte
		var err error
		for _, v := range have {
			if p.Steps[i].kind != toEverything {
				found = p.Steps[i].parts(v, found)
			} else if found, err = everything(v, 0, found); err != nil {
				return out, err
			}
		}
		have = once(found)
	}
	return append(out, have...), nil
}

// everything appends a value and all values in it, each before those in it.
func everything(doc []byte, depth int, out [][]byte) ([][]byte, error) {
	if depth > MaxDepth {
		return out, ErrDepth
	}
	out = append(out, doc)
	var err error
	switch {
	case IsArray(doc):
		for e := range Elements(doc) {
			if out, err = everything(e, depth+1, out); err != nil {
				break
			}
		}
	case IsObject(doc):
		for _, m := range Members(nil, doc) {
			if out, err = everything(m.Value, depth+1, out); err != nil {
				break
			}
		}
	}
	return out, err
}

// once leaves of values within a document that are the same part of it the first.
func once(vs [][]byte) [][]byte {
	seen := make(map[int]bool, len(vs))
	return slices.DeleteFunc(vs, func(v []byte) bool {
		begins := cap(v) // what a part has behind it tells where it begins
		again := seen[begins]
		seen[begins] = true
		return again
	})
}
