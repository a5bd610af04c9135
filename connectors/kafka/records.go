package kafka

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// A block is what one fetch gave: batches with records that count, and the position
// after all that came. The position may move without any record. The first batch may
// begin before the position that was asked for.
type block struct {
	batches []*sarama.RecordBatch
	from    int64
	next    int64
}

// blockOf takes an answer apart. committed drops what open and aborted transactions
// wrote; sarama at this level hands over everything.
func blockOf(b *sarama.FetchResponseBlock, pos int64, committed bool) (block, error) {
	out := block{from: pos, next: pos}
	aborted := b.AbortedTransactions
	slices.SortFunc(aborted, func(a, b *sarama.AbortedTransaction) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	dropping := map[int64]bool{} // producers in an aborted transaction
	for _, set := range b.RecordsSet {
		batch := set.RecordBatch
		if batch == nil {
			return out, fmt.Errorf("the batch at offset %d has the format of Kafka before 0.11, which is not read", pos)
		}
		if batch.PartialTrailingRecord {
			// Cut where the answer was full, and first: only batches without records
			// stand before it.
			out.next = max(out.next, batch.FirstOffset)
			return out, nil
		}
		for len(aborted) > 0 && aborted[0].FirstOffset <= batch.LastOffset() {
			dropping[aborted[0].ProducerID], aborted = true, aborted[1:]
		}
		out.next = max(out.next, batch.LastOffset()+1)
		switch {
		case batch.Control:
			if isAbort(batch) {
				delete(dropping, batch.ProducerID)
			}
		case committed && batch.IsTransactional && dropping[batch.ProducerID]:
		default:
			out.batches = append(out.batches, batch)
		}
	}
	if len(b.RecordsSet) == 0 {
		out.next = max(out.next, nextOffset(b))
	}
	return out, nil
}

// isAbort reads a control record's key: two bytes of version, two of type, of which
// 0 ends a transaction by forgetting it.
func isAbort(batch *sarama.RecordBatch) bool {
	return len(batch.Records) > 0 && len(batch.Records[0].Key) >= 4 && batch.Records[0].Key[2] == 0 && batch.Records[0].Key[3] == 0
}

// nextOffset is the position after batches that compaction has left without
// records, which sarama drops from its answer. Where there are records it must not
// be asked: it counts a half batch at the end as read.
func nextOffset(b *sarama.FetchResponseBlock) int64 {
	f := reflect.ValueOf(b).Elem().FieldByName("recordsNextOffset")
	if f.IsNil() {
		return 0
	}
	return f.Elem().Int()
}

// A cursor hands out the records of blocks within a range.
type cursor struct {
	split    connectors.Split
	from, to int64
	batches  []*sarama.RecordBatch
	at       int // in the first batch
	headers  []connectors.Header
}

// fill puts records into buf and returns how many.
func (c *cursor) fill(buf []connectors.Record) int {
	n := 0
	c.headers = c.headers[:0]
	for len(c.batches) > 0 && n < len(buf) {
		batch := c.batches[0]
		stamp, kind := timeOf(batch)
		for c.at < len(batch.Records) && n < len(buf) {
			r := batch.Records[c.at]
			c.at++
			offset := batch.FirstOffset + r.OffsetDelta
			if offset < c.from || offset >= c.to {
				continue
			}
			rec := &buf[n]
			n++
			rec.Split, rec.Offset = c.split, connectors.Offset(offset)
			rec.Key, rec.Value = r.Key, r.Value
			rec.Timestamp, rec.TimestampType = stamp, kind
			if kind == connectors.CreateTime {
				rec.Timestamp += r.TimestampDelta.Microseconds()
			}
			rec.Headers = nil
			if len(r.Headers) > 0 {
				rec.Headers = c.headersOf(r)
			}
		}
		if c.at == len(batch.Records) {
			c.batches, c.at = c.batches[1:], 0
		}
	}
	return n
}

// timeOf returns the microseconds that a batch's record times count from, and who
// set them.
func timeOf(b *sarama.RecordBatch) (int64, connectors.TimestampType) {
	switch {
	case b.LogAppendTime:
		return b.MaxTimestamp.UnixMicro(), connectors.LogAppendTime
	case b.FirstTimestamp.IsZero():
		return 0, connectors.NoTimestamp
	}
	return b.FirstTimestamp.UnixMicro(), connectors.CreateTime
}

// headersOf appends a record's headers to the cursor's own memory, which lives as
// long as the records.
func (c *cursor) headersOf(r *sarama.Record) []connectors.Header {
	from := len(c.headers)
	for _, h := range r.Headers {
		c.headers = append(c.headers, connectors.Header{Key: string(h.Key), Value: h.Value})
	}
	return c.headers[from:len(c.headers):len(c.headers)]
}
