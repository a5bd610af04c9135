package kafka

import (
	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// A brought is what a fetch that waited for data has brought of a split: who reads from there
// need not fetch it once more.
type brought struct {
	from int64
	*fetched
}

// mostBrought bounds what such a fetch brings, in all and of a split: a query that lags behind
// fetches by itself.
const (
	mostBrought      = 4 << 20
	mostBroughtSplit = 1 << 20
)

// bring keeps the records of an answer, in place of those that came before and that nobody has
// read.
func (s *source) bring(a *fetchAnswer, from connectors.Offsets) {
	var some []connectors.Split
	for split := range from {
		if f := a.parts[split]; f != nil && f.err == sarama.ErrNoError && len(f.records) > 0 {
			some = append(some, split)
		}
	}
	for _, split := range some {
		f := a.parts[split]
		f.longest = s.unpacked
		if len(some) == 1 {
			f.memory, a.memory = a.memory, nil
		} else {
			f.memory = takeMemory(len(f.records))
			copy(*f.memory, f.records)
			f.records = *f.memory
		}
		s.mu.Lock()
		if before, ok := s.brought[split]; ok {
			giveMemory(before.memory)
		}
		s.brought[split] = brought{int64(from[split]), f}
		s.mu.Unlock()
	}
	giveMemory(a.memory)
	a.memory = nil
}

// takeBrought returns what was brought of a split, where it moves a position on.
func (s *source) takeBrought(split connectors.Split, pos int64) (block, bool) {
	s.mu.Lock()
	b, ok := s.brought[split]
	if ok && b.from > pos {
		ok = false // somebody is still on the way there
	} else {
		delete(s.brought, split)
	}
	s.mu.Unlock()
	if !ok {
		return block{}, false
	}
	out, err := blockOf(b.fetched, pos, s.isolation == sarama.ReadCommitted)
	if err != nil || out.next <= pos {
		out.release()
		return block{}, false // who fetches it says what is wrong
	}
	return out, true
}
