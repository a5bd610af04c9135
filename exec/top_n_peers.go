package exec

import "bytes"

// firstAlone reports that the peers of a partition's first row are all that is kept, each with
// the number 1. There may be very many, such as all rows of the latest day.
func (t *topN) firstAlone() bool {
	return t.ranked() && t.last == 1 && t.plan.Offset == 0 && !(t.plan.Ties && t.plan.Number)
}

// steady takes in the changes of a partition where its first row and the peers of that are the
// first before and after, and reports whether they are: then only those changes count that are
// peers, and none of the others is looked at.
func (t *topN) steady(s *Step, partition []byte, changes []storedRow) (bool, error) {
	t.head = t.head[:0]
	t.rows.walk(partition, t.takeHead)
	if len(t.head) == 0 || bytes.Compare(changes[0].key, t.head) < 0 && !arePeers(changes[0].key, t.head) {
		return false, nil
	}
	n := 0
	for n < len(changes) && arePeers(changes[n].key, t.head) {
		n++
	}
	if n > 0 && !t.stays(partition, changes[:n]) {
		return false, nil
	}
	if t.full != nil {
		changes = changes[:n] // what is behind is not kept
	}
	t.rows.apply(changes)
	for _, c := range changes[:n] {
		if err := t.emit(s, c.key, 1, c.weight); err != nil {
			return false, err
		}
	}
	return true, nil
}

// takeHead notes the first row of a partition.
func (t *topN) takeHead(key []byte, _ int64) bool {
	t.head = append(t.head[:0], key...)
	return false
}

// stays reports that of the first row and its peers one is left after changes of these.
func (t *topN) stays(partition []byte, changes []storedRow) bool {
	for _, c := range changes {
		if c.weight > 0 {
			return true
		}
	}
	left := false
	t.rows.walk(partition, func(key []byte, weight int64) bool {
		for len(changes) > 0 && bytes.Compare(changes[0].key, key) < 0 {
			changes = changes[1:]
		}
		switch {
		case !arePeers(key, t.head):
		case len(changes) > 0 && bytes.Equal(changes[0].key, key) && weight+changes[0].weight <= 0:
			return true
		default:
			left = true
		}
		return false
	})
	return left
}
