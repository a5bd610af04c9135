package sql

import "strings"

// WordAfter returns where one of the words, given in capitals, first stands at or
// behind an offset of the source, outside all brackets that open behind it. Where
// there is none before the bracket that holds the offset closes, it is the offset.
func (m *Mapping) WordAfter(at int, words ...string) int {
	depth := 0
	for _, t := range m.tokens {
		switch {
		case t.Start < at:
		case t.Is("("):
			depth++
		case t.Is(")"):
			if depth--; depth < 0 {
				return at
			}
		case depth == 0 && t.Is(words...):
			return t.Start
		}
	}
	return at
}

// NameAfter returns where a name first stands at or behind an offset of the source,
// the offset where it does not.
func (m *Mapping) NameAfter(at int, name string) int {
	for _, t := range m.tokens {
		if t.Start >= at && t.IsName() && strings.EqualFold(t.Name(), name) {
			return t.Start
		}
	}
	return at
}

// Behind reports that one of the words, given in capitals, stands right before an offset
// of the source.
func (m *Mapping) Behind(at int, words ...string) bool {
	for i, t := range m.tokens {
		if t.Start == at && !t.Synthetic {
			return i > 0 && m.tokens[i-1].Is(words...)
		}
	}
	return false
}
