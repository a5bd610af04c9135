package connectors

import "context"

// A Settler source begins with rows that only it knows: two sources of a table are the
// same from where both have settled.
type Settler interface {
	// Settled reports that the positions mean the same to every other source.
	Settled(at Offsets) bool
}

// A Successor is a source whose end goes by how long it is open. Where reading goes on behind
// what another process has read, it is told how far that was.
type Successor interface {
	Succeed(at Offsets)
}

// A Follower is a source that wants to know which positions are behind it for good: a
// checkpoint is durable, and nothing before them is read again.
type Follower interface {
	Passed(ctx context.Context, at Offsets) error
}

// An Identifier is a source that can tell a split from another one that had its name
// before: a topic that was deleted and made again.
type Identifier interface {
	// Identify returns what a split is known by; the empty text means nothing.
	Identify(ctx context.Context, splits []Split) (map[Split]string, error)
}

// A Retainer is a source that forgets its oldest records.
type Retainer interface {
	// Earliest returns the first position that can still be read, for those splits where it
	// matters: a table may want to go on after records that are gone.
	Earliest(ctx context.Context, splits []Split) (Offsets, error)
	// Onward tells a user how to have such a table.
	Onward() string
}
