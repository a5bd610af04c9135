package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// endOf is the time that asks for the end of a partition: the last stable offset
// where only committed records are read, otherwise the high watermark.
const (
	endOf   = sarama.OffsetNewest
	startOf = sarama.OffsetOldest
)

// ask makes one attempt to learn the offsets of splits at a time in milliseconds,
// one request a leader. The splits that it could not learn are left out, and err
// says why.
func (c *cluster) ask(ctx context.Context, splits []connectors.Split, millis int64) (connectors.Offsets, error) {
	groups, none := c.byLeader(splits)
	var err error
	if len(none) > 0 {
		err = errNoLeader
	}
	type answer struct {
		splits []connectors.Split
		res    *sarama.OffsetResponse
		err    error
	}
	answers := make(chan answer, len(groups))
	for addr, group := range groups {
		req := sarama.NewOffsetRequest(c.client.Version)
		req.IsolationLevel = c.isolation
		for _, s := range group {
			topic, part := splitOf(s)
			req.AddBlock(topic, part, millis, 1)
		}
		go func() {
			res, err := call(ctx, c.pool, addr, func(b *sarama.Broker) (*sarama.OffsetResponse, error) { return b.GetAvailableOffsets(req) })
			answers <- answer{group, res, err}
		}()
	}
	got := connectors.Offsets{}
	for range groups {
		a := <-answers
		if a.err != nil {
			err = a.err
			continue
		}
		for _, s := range a.splits {
			topic, part := splitOf(s)
			switch b := a.res.GetBlock(topic, part); {
			case b == nil:
				err = sarama.ErrIncompleteResponse
			case b.Err != sarama.ErrNoError:
				err = b.Err
			default:
				got[s] = connectors.Offset(b.Offset)
			}
		}
	}
	return got, err
}

// offsets is ask, repeated until every split has answered. A time beyond the last
// record is the end, for which the protocol says -1.
func (c *cluster) offsets(ctx context.Context, splits []connectors.Split, millis int64) (connectors.Offsets, error) {
	all := connectors.Offsets{}
	left := slices.Clone(splits)
	r := retry{c: c, what: "asking for offsets"}
	for len(left) > 0 {
		got, err := c.ask(ctx, left, millis)
		maps.Copy(all, got)
		left = slices.DeleteFunc(left, func(s connectors.Split) bool { _, ok := got[s]; return ok })
		if err == nil || len(left) == 0 {
			continue
		}
		if gone := c.gone(); gone != nil {
			return nil, gone
		}
		if err := r.pause(ctx, err); err != nil {
			return nil, err
		}
	}
	r.done()
	if millis < 0 {
		return all, nil
	}
	var beyond []connectors.Split
	for s, off := range all {
		if off < 0 {
			beyond = append(beyond, s)
		}
	}
	ends, err := c.offsets(ctx, beyond, endOf)
	maps.Copy(all, ends)
	return all, err
}

// at returns the offsets of a place in splits.
func (c *cluster) at(ctx context.Context, p place, splits []connectors.Split) (connectors.Offsets, error) {
	switch p.kind {
	case "latest":
		return c.offsets(ctx, splits, endOf)
	case "timestamp":
		return c.offsets(ctx, splits, p.millis)
	}
	return c.offsets(ctx, splits, startOf)
}

// Start implements connectors.Source. Partitions that came later are read from
// their first record on, whatever the table says.
func (s *source) Start(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	var first, later []connectors.Split
	for _, split := range splits {
		if s.first[split] {
			first = append(first, split)
		} else {
			later = append(later, split)
		}
	}
	out, err := s.cluster.at(ctx, s.startup, first)
	if err != nil {
		return nil, err
	}
	if s.startup.kind == "specific-offsets" {
		if err := s.specific(ctx, first, out); err != nil {
			return nil, err
		}
	}
	rest, err := s.cluster.offsets(ctx, later, startOf)
	maps.Copy(out, rest)
	return out, err
}

// specific puts the offsets that the table gives in place of the earliest ones.
func (s *source) specific(ctx context.Context, splits []connectors.Split, out connectors.Offsets) error {
	ends, err := s.cluster.offsets(ctx, splits, endOf)
	if err != nil {
		return err
	}
	given := 0
	for _, split := range splits {
		n, ok := s.startup.of(split)
		if !ok {
			continue
		}
		given++
		if off := connectors.Offset(n); off > ends[split] {
			return fmt.Errorf("option 'scan.startup.specific_offsets': %s ends at offset %d, before %d", split, ends[split], n)
		} else if off < out[split] {
			if err := s.lose(split, off, out[split], fmt.Sprintf("it starts at %d now", out[split])); err != nil {
				return err
			}
		} else {
			out[split] = off
		}
	}
	if given < len(s.startup.offsets) {
		return fmt.Errorf("option 'scan.startup.specific_offsets' names a partition that does not exist; there are %s", listed(splits))
	}
	return nil
}

func listed(splits []connectors.Split) string {
	text := ""
	for i, s := range splits {
		switch {
		case i == 20:
			return text + ", …"
		case i > 0:
			text += ", "
		}
		text += string(s)
	}
	return text
}

// Latest implements connectors.Source. A partition that cannot be asked stays where
// it was, so that the others are read meanwhile.
func (s *source) Latest(ctx context.Context, splits []connectors.Split) (connectors.Offsets, error) {
	if err := s.gone(); err != nil {
		return nil, err
	}
	got, err := s.cluster.ask(ctx, splits, endOf)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !passing(err) {
			return nil, s.explained(err)
		}
		if err := s.refresh(ctx); err != nil && !passing(err) {
			return nil, err
		}
	}
	var unknown []connectors.Split
	for _, split := range splits {
		if _, ok := got[split]; ok {
			continue
		}
		if end, ok := s.seenEnd(split); ok {
			got[split] = end
		} else {
			unknown = append(unknown, split)
		}
	}
	rest, err := s.cluster.offsets(ctx, unknown, endOf)
	if err != nil {
		return nil, err
	}
	maps.Copy(got, rest)
	return got, s.see(ctx, got)
}

// seenEnd returns the furthest end known of a split.
func (s *source) seenEnd(split connectors.Split) (connectors.Offset, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := s.seen[split]
	return end, ok
}

// see notes the ends. One that went back says that the cluster has lost records
// which had been there: the end then stays until it is reached again.
func (s *source) see(ctx context.Context, ends connectors.Offsets) error {
	for split, end := range ends {
		before, _ := s.seenEnd(split)
		if end >= before {
			s.mu.Lock()
			s.seen[split] = end
			s.mu.Unlock()
			continue
		}
		if err := s.refresh(ctx); err != nil && !passing(err) {
			return err
		}
		if err := s.gone(); err != nil {
			return err
		}
		if err := s.lose(split, end, before, fmt.Sprintf("it ends at %d now: the cluster has cut it off or made it anew", end)); err != nil {
			return err
		}
		ends[split] = before
	}
	return nil
}

// lose says that records [from, to) of a split are gone: an error, or a notice
// where the table wants to go on.
func (s *source) lose(split connectors.Split, from, to connectors.Offset, why string) error {
	text := fmt.Sprintf("%s: the records at offsets %d to %d are gone, %s", split, from, to-1, why)
	if !s.skipLoss {
		return fmt.Errorf("%s; %s", text, onward)
	}
	s.notice(text + "; going on without them")
	return nil
}

// End implements connectors.Bounded.
func (s *source) End(ctx context.Context, splits []connectors.Split) (connectors.Offsets, bool, error) {
	if s.bounded.kind == "" {
		return nil, false, nil
	}
	place := s.bounded
	if place.kind == "specific-offsets" {
		place.kind = "latest" // for those that are not named
	}
	out, err := s.cluster.at(ctx, place, splits)
	if err != nil {
		return nil, false, err
	}
	for _, split := range splits {
		if n, ok := s.bounded.of(split); ok {
			out[split] = connectors.Offset(n)
		}
	}
	return out, true, nil
}
