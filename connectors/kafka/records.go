package kafka

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// A block is what one fetch gave: batches with records that count, and the position
// after all that came. The position may move without any record. The first batch may
// begin before the position that was asked for.
type block struct {
	batches []batch
	from    int64
	next    int64
	memory  []*[]byte // that batches lie in
}

// release gives the memory of a block back. Its records are no more.
func (b *block) release() {
	for _, m := range b.memory {
		giveMemory(m)
	}
	b.batches, b.memory = nil, nil
}

// A batch is a record batch of the log.
type batch struct {
	first      int64 // offset
	last       int64
	attributes uint16
	base, most int64 // timestamps, in milliseconds
	producer   int64
	count      int    // of records
	records    []byte // unpacked
}

// A batch's header as it is in the log, and flags among its attributes.
const (
	batchHeader   = 61
	batchPrefix   = 12 // offset and length, which the length does not count
	codecMask     = 0x7
	logAppendTime = 0x8
	transactional = 0x10
	control       = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// blockOf takes an answer apart. committed drops what open and aborted transactions
// wrote; the broker hands over everything.
func blockOf(f *fetched, pos int64, committed bool) (block, error) {
	out := block{from: pos, next: pos, memory: []*[]byte{f.memory}}
	aborted := f.aborted
	slices.SortFunc(aborted, func(a, b abortedTxn) int { return cmp.Compare(a.first, b.first) })
	dropping := map[int64]bool{} // producers in an aborted transaction
	for rest := f.records; ; {
		b, size, err := nextBatch(rest)
		if err != nil {
			out.release()
			return block{next: pos}, fmt.Errorf("the batch at offset %d %w", out.next, err)
		}
		if size == 0 {
			return out, nil
		}
		rest = rest[size:]
		for len(aborted) > 0 && aborted[0].first <= b.last {
			dropping[aborted[0].producer], aborted = true, aborted[1:]
		}
		drop := committed && b.attributes&transactional != 0 && dropping[b.producer]
		if b.count > 0 && (!drop || b.attributes&control != 0) {
			if err := out.unpack(&b, f.longest); err != nil {
				out.release()
				return block{next: pos}, err
			}
		}
		out.next = max(out.next, b.last+1)
		switch {
		case b.attributes&control != 0:
			if b.isAbort() {
				delete(dropping, b.producer)
			}
		case b.count > 0 && !drop:
			out.batches = append(out.batches, b)
		}
	}
}

// nextBatch reads the header of the batch at the start of p, and says how many bytes it
// has: 0 where it is cut off, since the answer was full.
func nextBatch(p []byte) (b batch, size int, err error) {
	if len(p) < batchHeader {
		return b, 0, nil
	}
	be := binary.BigEndian
	if p[16] < 2 {
		return b, 0, fmt.Errorf("has the format of Kafka before 0.11, which is not read")
	}
	size = batchPrefix + int(int32(be.Uint32(p[8:])))
	switch {
	case size < batchHeader:
		return b, 0, fmt.Errorf("is damaged: it says that it has %d bytes", size)
	case size > len(p):
		return b, 0, nil
	case be.Uint32(p[17:]) != crc32.Checksum(p[21:size], castagnoli):
		return b, 0, fmt.Errorf("is damaged: its checksum is wrong")
	}
	b = batch{
		first: int64(be.Uint64(p)), attributes: be.Uint16(p[21:]),
		base: int64(be.Uint64(p[27:])), most: int64(be.Uint64(p[35:])), producer: int64(be.Uint64(p[43:])),
		count: int(int32(be.Uint32(p[57:]))), records: p[batchHeader:size],
	}
	b.last = b.first + int64(int32(be.Uint32(p[23:])))
	return b, size, nil
}

// unpack decompresses a batch's records.
func (b *block) unpack(of *batch, limit int) error {
	codec := sarama.CompressionCodec(of.attributes & codecMask)
	if codec == sarama.CompressionNone {
		return nil
	}
	m, err := unpack(codec, of.records, cmp.Or(limit, longestBatch))
	if err != nil {
		return err
	}
	b.memory = append(b.memory, m)
	of.records = *m
	return nil
}

// isAbort reads a control record's key: two bytes of version, two of type, of which
// 0 ends a transaction by forgetting it.
func (b *batch) isAbort() bool {
	s := scanner{p: b.records}
	var r record
	s.record(&r)
	return !s.short && len(r.key) >= 4 && r.key[2] == 0 && r.key[3] == 0
}

// A record lies in the memory of its batch.
type record struct {
	offset     int64 // from the batch's first
	time       int64 // milliseconds from the batch's
	key, value []byte
	headers    scanner // behind their number
	nHeaders   int64
}

// record reads a record of a batch.
func (s *scanner) record(r *record) {
	if !s.plainRecord(r) {
		s.anyRecord(r)
	}
}

func (s *scanner) anyRecord(r *record) {
	own := scanner{p: s.bytes()}
	own.take(1) // attributes, of which there are none
	*r = record{time: own.varint(), offset: own.varint(), key: own.bytes(), value: own.bytes(), nHeaders: own.varint()}
	r.headers = own
	s.short = s.short || own.short
}

// plainRecord is record for one as most are, without headers and with small numbers. It moves on
// only if it is one.
func (s *scanner) plainRecord(r *record) bool {
	p := s.p
	size, at := smallNumber(p, 0)
	end := at + size
	if at < 0 || size < 1 || end > len(p) {
		return false
	}
	at++ // attributes
	time, at := smallNumber(p, at)
	if at < 0 {
		return false
	}
	offset, at := smallNumber(p, at)
	if at < 0 {
		return false
	}
	if r.key, at = piece(p, at, end); at < 0 {
		return false
	}
	if r.value, at = piece(p, at, end); at < 0 {
		return false
	}
	if at >= end || p[at] != 0 { // headers
		return false
	}
	r.time, r.offset, r.nHeaders, s.p = int64(time), int64(offset), 0, p[end:]
	return true
}

// A cursor hands out the records of blocks within a range.
type cursor struct {
	split    connectors.Split
	from, to int64
	block    block
	rest     scanner // the records of the first batch that are left
	left     int     // how many
	headers  []connectors.Header
}

// begin goes on with another block, whose predecessor is read.
func (c *cursor) begin(b block) {
	c.block.release()
	c.block, c.from = b, b.from
	c.enter()
}

// enter goes to the start of the first batch.
func (c *cursor) enter() {
	if len(c.block.batches) > 0 {
		c.rest, c.left = scanner{p: c.block.batches[0].records}, c.block.batches[0].count
	}
}

// fill puts records into buf and returns how many.
func (c *cursor) fill(buf []connectors.Record) (int, error) {
	n := 0
	var r record
	c.headers = c.headers[:0]
	for len(c.block.batches) > 0 && n < len(buf) {
		b := &c.block.batches[0]
		stamp, kind := b.time()
		for c.left > 0 && n < len(buf) {
			c.rest.record(&r)
			if c.rest.short {
				return 0, fmt.Errorf("the batch at offset %d is damaged: it ends before its last %d records", b.first, c.left)
			}
			c.left--
			offset := b.first + r.offset
			if offset < c.from || offset >= c.to {
				continue
			}
			rec := &buf[n]
			n++
			rec.Split, rec.Offset = c.split, connectors.Offset(offset)
			rec.Key, rec.Value = r.key, r.value
			rec.Timestamp, rec.TimestampType = stamp, kind
			if kind == connectors.CreateTime {
				rec.Timestamp += r.time * 1000
			}
			rec.Headers = nil
			if r.nHeaders > 0 {
				var err error
				if rec.Headers, err = c.headersOf(&r); err != nil {
					return 0, fmt.Errorf("the record at offset %d %w", offset, err)
				}
			}
		}
		if c.left == 0 {
			c.block.batches = c.block.batches[1:]
			c.enter()
		}
	}
	return n, nil
}

// time returns the microseconds that a batch's record times count from, and who set
// them.
func (b *batch) time() (int64, connectors.TimestampType) {
	switch {
	case b.attributes&logAppendTime != 0:
		return b.most * 1000, connectors.LogAppendTime
	case b.base < 0:
		return 0, connectors.NoTimestamp
	}
	return b.base * 1000, connectors.CreateTime
}

// headersOf appends a record's headers to the cursor's own memory, which lives as
// long as the records.
func (c *cursor) headersOf(r *record) ([]connectors.Header, error) {
	from := len(c.headers)
	for range r.headers.count(int(r.nHeaders)) {
		c.headers = append(c.headers, connectors.Header{Key: string(r.headers.bytes()), Value: r.headers.bytes()})
	}
	if r.headers.short {
		return nil, fmt.Errorf("is damaged: it ends before its headers")
	}
	return c.headers[from:len(c.headers):len(c.headers)], nil
}
