package logical

import (
	"strconv"
	"strings"

	"github.com/sqlstream/sqlstream/sql/types"
)

// A Rank is how rows of an order are numbered from 1 on.
type Rank uint8

// The ways.
const (
	RowNumber Rank = iota // one after the other, ties closed by all columns
	RankTies              // RANK: equal keys have the number of their first
	DenseRank             // DENSE_RANK: equal keys have one number, and the next follows it
)

// TopN keeps the rows of each partition whose number in the order of the keys is
// greater than Offset and at most Offset + Limit: the LIMIT of an inner query, or a
// filter on a rank. Where keys are equal, all columns of the input in turn decide, ascending, NULL first.
type TopN struct {
	Input     Node
	Partition []int // columns
	Keys      []SortKey
	Limit     int64 // -1 for none
	Offset    int64
	By        Rank
	Ties      bool   // rows whose keys are equal to those of the last row are kept, too
	Number    string // the name of a further column with the number; "" for none
	Forget    int64  // for how many microseconds a partition is kept to which no row comes; 0 for ever
	Local     bool   // rows stay on their worker where those of a partition are all there, see Stays
}

// Inputs implements Node.
func (t *TopN) Inputs() []Node { return []Node{t.Input} }

// WithInputs implements Node.
func (t *TopN) WithInputs(in []Node) Node {
	out := *t
	out.Input = in[0]
	return &out
}

// Schema implements Node.
func (t *TopN) Schema() *types.Schema {
	if t.Number == "" {
		return t.Input.Schema()
	}
	s := &types.Schema{Fields: append([]types.Field(nil), t.Input.Schema().Fields...)}
	s.Fields = append(s.Fields, types.Field{Name: t.Number, Type: types.Of(types.BigInt), NotNull: true})
	return s
}

// String implements Node.
func (t *TopN) String() string {
	in := t.Input.Schema()
	out := "Top"
	if t.Limit >= 0 {
		out += " " + strconv.FormatInt(t.Limit, 10)
	}
	if t.Offset > 0 {
		out += " offset " + strconv.FormatInt(t.Offset, 10)
	}
	out += [...]string{"", " by rank", " by dense rank"}[t.By]
	if t.Ties {
		out += " with ties"
	}
	if keys := describeKeys(t.Keys, in); keys != "" {
		out += " BY " + keys
	}
	if len(t.Partition) > 0 {
		names := make([]string, len(t.Partition))
		for i, c := range t.Partition {
			names[i] = in.Fields[c].Name
		}
		out += " PER " + strings.Join(names, ", ")
	}
	if t.Number != "" {
		out += " AS " + t.Number
	}
	return out + untouched(t.Forget)
}

// Properties implements Node.
func (t *TopN) Properties() Properties {
	in := t.Input.Properties()
	out := Properties{Keys: in.Keys, State: PerRow, Cause: in.Cause}
	if in.AppendOnly {
		out.Cause = t.String()
	}
	if in.AppendOnly && t.Limit >= 0 && t.By != DenseRank {
		out.State = FirstRows
	}
	if t.By == RowNumber && t.Limit == 1 && !t.Ties {
		out.Keys = append(out.Keys[:len(out.Keys):len(out.Keys)], t.Partition)
	} else if t.By == RowNumber && t.Number != "" {
		key := append(append([]int(nil), t.Partition...), t.Input.Schema().Len())
		out.Keys = append(out.Keys[:len(out.Keys):len(out.Keys)], key)
	}
	return out
}
