package state

// A Cold is where tables put what memory has no room for. It need not outlive the process.
type Cold interface {
	// Space opens an empty space. In one of heads keys are made with SpaceKey, and those of
	// one head are found together.
	Space(heads bool) Space
}

// A Space is keys in ascending order with their values, beyond memory. One goroutine uses
// it at a time. What it hands out lasts until the function returns. Where the disk fails
// its methods panic with a *Fault, since those of tables that lead here have no errors.
type Space interface {
	// Find calls f for those of keys that are there, with the place among them. They are in
	// ascending order, each once.
	Find(keys [][]byte, f func(i int, value []byte))
	// Under calls f for the keys of each head until it returns false, with the place of the
	// head; key is what follows it. The heads are in the order of their SpaceKeys, each once.
	Under(heads [][]byte, f func(i int, key, value []byte) bool)
	// Ascend calls f for the keys in [from, to) in order until it returns false; nil is no bound.
	Ascend(from, to []byte, f func(key, value []byte) bool)
	// Descend is Ascend from the other end.
	Descend(from, to []byte, f func(key, value []byte) bool)
	// Set, Delete and DeleteRange write. It is not read before Flush.
	Set(key, value []byte)
	Delete(key []byte)
	DeleteRange(from, to []byte)
	Flush()
}

// headLen is the bytes before a head, which tell how long it is.
const headLen = 4

// SpaceKey appends the key of a space of heads.
func SpaceKey(dst, head, key []byte) []byte { return append(SpaceHead(dst, head), key...) }

// SpaceHead appends what the keys of a head begin with.
func SpaceHead(dst, head []byte) []byte {
	n := len(head)
	return append(append(dst, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), head...)
}

// CutHead divides a space's key into the head and what follows it.
func CutHead(key []byte) (head, rest []byte) {
	if len(key) < headLen {
		return nil, nil
	}
	n := int(key[0])<<24 | int(key[1])<<16 | int(key[2])<<8 | int(key[3])
	n = min(headLen+n, len(key))
	return key[headLen:n], key[n:]
}

// A Fault is what a table panics with where it cannot reach what is beyond memory.
type Fault struct{ Err error }

// Error says what has failed.
func (f *Fault) Error() string { return "state beyond memory: " + f.Err.Error() }

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }
