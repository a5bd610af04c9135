package logical

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sqlstream/sqlstream/sql/expr"
	"github.com/sqlstream/sqlstream/sql/types"
)

// Session puts beside each row of its input the session that it is of: in its partition, a
// session goes on as long as the next row is no more than a gap later, and ends a gap behind
// its last. A row whose time is NULL is in none, and so left out.
type Session struct {
	Input     Node
	Partition []int         // columns of the input
	Time      int           // a TIMESTAMP of the input
	Gap       int64         // microseconds
	Columns   []types.Field // the start of a session, its end, and its last millisecond
}

// Inputs implements Node.
func (x *Session) Inputs() []Node { return []Node{x.Input} }

// WithInputs implements Node.
func (x *Session) WithInputs(in []Node) Node {
	out := *x
	out.Input = in[0]
	return &out
}

// Schema implements Node.
func (x *Session) Schema() *types.Schema {
	return &types.Schema{Fields: slices.Concat(x.Input.Schema().Fields, x.Columns)}
}

// String implements Node.
func (x *Session) String() string {
	in := x.Input.Schema()
	out := fmt.Sprintf("Session of %s within %s", in.Fields[x.Time].Name, expr.Micros(x.Gap))
	if len(x.Partition) == 0 {
		return out
	}
	names := make([]string, len(x.Partition))
	for i, c := range x.Partition {
		names[i] = in.Fields[c].Name
	}
	return out + " PER " + strings.Join(names, ", ")
}

// Properties implements Node. A new row changes the sessions of those that were there.
func (x *Session) Properties() Properties {
	in := x.Input.Properties()
	out := Properties{Keys: in.Keys, State: PerRow, Cause: in.Cause}
	if in.AppendOnly {
		out.Cause = x.String()
	}
	return out
}
