package stream

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/state"
)

// A logRecord says what an epoch reads, so that it can be run again and give the same. It
// is durable before anything of the epoch leaves the dataflow. Where reading has cut the
// ranges down a second record, with what was read, takes its place.
type logRecord struct {
	Version int          `json:"version"`
	Now     int64        `json:"now"`            // nanoseconds
	Back    int64        `json:"back,omitempty"` // to where the clock was set back since the epoch before
	Final   bool         `json:"final,omitempty"`
	Scans   []scanRecord `json:"scans"`
	Before  []outputSum  `json:"before,omitempty"` // what the epoch before has put out
}

// A scanRecord is of one scan. Scans may have become one since, or not be one yet, so that
// it says whose it is.
type scanRecord struct {
	Members []string `json:"members"`
	part
	Ranges []connectors.Range          `json:"ranges,omitempty"`
	Fresh  connectors.Offsets          `json:"fresh,omitempty"` // where splits begin that were not there before
	IDs    map[connectors.Split]string `json:"ids,omitempty"`   // of these
	Latest connectors.Offsets          `json:"latest,omitempty"`
}

// An outputSum tells what a query has put out in an epoch from anything else that it might
// have: the sum of its rows' hashes, so that neither their order nor how they came counts.
type outputSum struct {
	Query string `json:"query"`
	Sum   uint64 `json:"sum,string"`
}

// record describes an epoch about to run.
func (d *dataflow) record(p *epochPlan, now time.Time) *logRecord {
	r := &logRecord{Version: metaVersion, Now: nanos(now), Back: d.back, Before: d.sums}
	d.back = 0
	for i, s := range d.scans {
		r.Scans = append(r.Scans, scanRecord{
			Members: s.readers(), part: s.spec.part(),
			Ranges: slices.Clone(p.ranges[i]), Fresh: s.fresh, IDs: s.idsOf(s.fresh), Latest: s.latest,
		})
		s.fresh = nil
	}
	return r
}

func (r *logRecord) encode() ([]byte, error) { return json.Marshal(r) }

// logRead logs what was read, where that is less than was planned.
func (d *dataflow) logRead(r *logRecord, p *epochPlan) error {
	cut := false
	for i := range d.scans {
		cut = cut || !slices.Equal(r.Scans[i].Ranges, p.ranges[i])
		r.Scans[i].Ranges = p.ranges[i]
	}
	if !cut || r.Final {
		return nil
	}
	r.Final = true
	data, err := r.encode()
	if err != nil {
		return err
	}
	return d.lasting(d.backend.Log(d.ctx, d.epoch, data))
}

// A loggedEpoch is an epoch of an earlier process, to be run again.
type loggedEpoch struct {
	epoch  int64
	record *logRecord
}

// readLog returns the epochs behind one, in order.
func readLog(log []state.Record, behind int64) ([]loggedEpoch, error) {
	var out []loggedEpoch
	for _, l := range log {
		if l.Epoch <= behind {
			continue
		}
		r := &logRecord{}
		if err := json.Unmarshal(l.Data, r); err != nil {
			return nil, fmt.Errorf("the log of epoch %d cannot be read: %w", l.Epoch, err)
		}
		if r.Version > metaVersion {
			return nil, fmt.Errorf("the log of epoch %d was written by a later version (its form is %d, this one reads up to %d)", l.Epoch, r.Version, metaVersion)
		}
		if n := len(out); n > 0 && out[n-1].epoch == l.Epoch {
			out[n-1].record = r
			continue
		}
		out = append(out, loggedEpoch{l.Epoch, r})
	}
	return out, nil
}

// replayed is the plan of a logged epoch, as which the scans then stand.
func (d *dataflow) replayed(r *logRecord) (*epochPlan, error) {
	p := &epochPlan{ranges: make([][]connectors.Range, len(d.scans))}
	for i, s := range d.scans {
		at := slices.IndexFunc(r.Scans, func(x scanRecord) bool { return x.of(s) })
		if at < 0 {
			return nil, s.wrap(fmt.Errorf("the log of epoch %d does not say what it has read", d.epoch+1))
		}
		x := r.Scans[at]
		s.found(x.Fresh, x.IDs)
		s.latest = x.Latest
		s.budget = noBudget
		s.spent.Store(0)
		for _, g := range x.Ranges {
			if s.pos[g.Split] != g.From {
				return nil, s.wrap(fmt.Errorf("the log of epoch %d has read %s from offset %d, the checkpoint is at %d", d.epoch+1, g.Split, g.From, s.pos[g.Split]))
			}
		}
		p.ranges[i] = slices.Clone(x.Ranges)
	}
	return p, nil
}

// of reports that the record is that of a scan.
func (x *scanRecord) of(s *scan) bool {
	return x.part == s.spec.part() && slices.ContainsFunc(s.uses, func(u use) bool {
		return slices.Contains(x.Members, u.member.spec.Name)
	})
}

// verify compares what an epoch that ran again has put out with what it had put out before,
// which the record of the next one says.
func (d *dataflow) verify(before []outputSum) error {
	for _, was := range before {
		at := slices.IndexFunc(d.sums, func(s outputSum) bool { return s.Query == was.Query })
		if at >= 0 && d.sums[at].Sum != was.Sum {
			return &QueryError{Query: was.Query, Final: true, Err: fmt.Errorf("epoch %d has given other rows than before the restart: the query is not deterministic, or its source does not give the same records again; %s", d.batch-1, startAnew)}
		}
	}
	return nil
}

const startAnew = "drop the query and create it again to start anew"
