package kafka

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/sqlstream/sqlstream/connectors"
)

// A crafted log answers fetches with bytes of our own making: cut in the middle of a
// batch where the answer is full, as a real broker does, and with batches that
// compaction has emptied.
type crafted struct {
	mu      sync.Mutex
	batches [][]byte
}

// craft takes what is produced to topic t/0 as the log and serves it.
func craft(t *testing.T) (*crafted, *kfake.Cluster) {
	t.Helper()
	c := fake(t, kfake.SeedTopics(1, "t"))
	l := &crafted{}
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, topic := range r.(*kmsg.ProduceRequest).Topics {
			for _, p := range topic.Partitions {
				l.batches = append(l.batches, append([]byte(nil), p.Records...))
			}
		}
		return nil, nil, false
	})
	c.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return l.answer(r.(*kmsg.FetchRequest)), nil, true
	})
	return l, c
}

func firstOffset(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }
func lastOffset(b []byte) int64  { return firstOffset(b) + int64(binary.BigEndian.Uint32(b[23:])) }

// number gives the batches the offsets that a broker would.
func (l *crafted) number() {
	next := int64(0)
	for _, b := range l.batches {
		binary.BigEndian.PutUint64(b, uint64(next)) // the checksum does not cover it
		next = lastOffset(b) + 1
	}
}

// empty takes the records out of a batch; its offsets stay taken.
func (l *crafted) empty(i int) {
	const header = 61
	b := append([]byte(nil), l.batches[i][:header]...)
	binary.BigEndian.PutUint32(b[8:], header-12)
	binary.BigEndian.PutUint16(b[21:], 0) // no codec
	binary.BigEndian.PutUint32(b[57:], 0) // no records
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	l.batches[i] = b
}

// answer gives batches from the one with the position on, the first whole and the
// rest cut off where the partition's limit is.
func (l *crafted) answer(req *kmsg.FetchRequest) kmsg.Response {
	l.mu.Lock()
	defer l.mu.Unlock()
	res := req.ResponseKind().(*kmsg.FetchResponse)
	for _, topic := range req.Topics {
		rt := kmsg.NewFetchResponseTopic()
		rt.Topic = topic.Topic
		for _, p := range topic.Partitions {
			rp := kmsg.NewFetchResponseTopicPartition()
			rp.Partition = p.Partition
			end := lastOffset(l.batches[len(l.batches)-1]) + 1
			rp.HighWatermark, rp.LastStableOffset, rp.LogStartOffset = end, end, 0
			limit := int(p.PartitionMaxBytes)
			for _, b := range l.batches {
				if lastOffset(b) < p.FetchOffset {
					continue
				}
				if len(rp.RecordBatches) == 0 {
					limit = max(limit, len(b))
				}
				rp.RecordBatches = append(rp.RecordBatches, b[:min(len(b), limit-len(rp.RecordBatches))]...)
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		res.Topics = append(res.Topics, rt)
	}
	return res
}

// However an answer is cut and whichever batches are without records, each record
// that is left comes once and in order, and the range ends.
func TestCraftedAnswers(t *testing.T) {
	l, c := craft(t)
	table := tweets(c.ListenAddrs()[0], "t", "compression", "none")
	const perBatch, batches = 10, 12
	for i := range batches {
		var lines []string
		for j := range perBatch {
			lines = append(lines, fmt.Sprintf("%d %s", i*perBatch+j, strings.Repeat("x", 50)))
		}
		put(t, table, connectors.Append, rows(table, lines...))
	}
	l.number()
	whole := append([][]byte(nil), l.batches...)
	size := len(whole[3])
	for _, empty := range [][]int{{}, {0}, {11}, {4}, {0, 1, 2}, {9, 10, 11}, {0, 2, 3, 5, 11}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}} {
		l.batches = append([][]byte(nil), whole...)
		gone := map[int]bool{}
		for _, i := range empty {
			l.empty(i)
			gone[i] = true
		}
		for _, limit := range []int{1, 61, 62, 70, 200, size - 1, size, size + 1, size + 30, size + 61, 2*size + 100, 5*size + 7, 1 << 20} {
			table.Options["kafka.max.partition.fetch.bytes"] = fmt.Sprint(limit)
			s := open(t, table)
			for _, r := range []connectors.Range{{From: 0, To: 120}, {From: 5, To: 45}, {From: 49, To: 51}, {From: 119, To: 120}} {
				r.Split = "t/0"
				got, err := read(t.Context(), s, r)
				if err != nil {
					t.Fatal(err)
				}
				at := 0
				for off := r.From; off < r.To; off++ {
					if gone[int(off)/perBatch] {
						continue
					}
					if want := fmt.Sprintf("t/0@%d ", off); at >= len(got) || !strings.HasPrefix(got[at], want) {
						t.Fatalf("without the records of batches %v, %d bytes an answer, from %d to %d: record %d of %d is not at offset %d", empty, limit, r.From, r.To, at, len(got), off)
					}
					at++
				}
				if at != len(got) {
					t.Fatalf("without the records of batches %v, %d bytes an answer: %d records too many", empty, limit, len(got)-at)
				}
			}
		}
	}
}

// A batch whose checksum is wrong is an error that says where it is.
func TestCorruptBatch(t *testing.T) {
	l, c := craft(t)
	table := tweets(c.ListenAddrs()[0], "t", "compression", "none")
	put(t, table, connectors.Append, rows(table, "1 a"), rows(table, "2 b"))
	l.number()
	l.batches[1][65] ^= 1
	_, err := read(t.Context(), open(t, table), connectors.Range{Split: "t/0", From: 1, To: 2})
	if err == nil || !strings.HasPrefix(err.Error(), "t/0 at offset 1: ") {
		t.Errorf("got %v", err)
	}
}
