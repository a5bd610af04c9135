package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/sqlstream/sqlstream/connectors"
)

// samples are batches of records of all shapes: with and without keys, values and headers,
// empty and long ones, of several codecs and times.
func samples() []*sarama.RecordBatch {
	var out []*sarama.RecordBatch
	for i, codec := range []sarama.CompressionCodec{
		sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD,
	} {
		b := values("a", "", strings.Repeat("long ", 5_000), "b")
		b.Codec, b.CompressionLevel = codec, sarama.CompressionLevelDefault
		b.FirstTimestamp = time.UnixMilli(1_700_000_000_000 + int64(i))
		b.Records[0].Key, b.Records[1].Key = []byte("key"), []byte{}
		b.Records[1].Headers = []*sarama.RecordHeader{{Key: []byte("h"), Value: []byte("one")}, {Key: []byte{}, Value: nil}}
		b.Records[2].TimestampDelta = 90 * time.Minute
		b.Records[3].Value = nil
		out = append(out, b)
	}
	return out
}

// described are the records of a batch as sarama reads it.
func described(b *sarama.RecordBatch) []string {
	var out []string
	for _, r := range b.Records {
		var headers []string
		for _, h := range r.Headers {
			headers = append(headers, fmt.Sprintf("%q=%q", h.Key, h.Value))
		}
		out = append(out, fmt.Sprintf("%d %d %q %v %q %v %q", b.FirstOffset+r.OffsetDelta, b.FirstTimestamp.UnixMicro()+r.TimestampDelta.Microseconds(),
			r.Key, r.Key == nil, r.Value, r.Value == nil, headers))
	}
	return out
}

// ours are the same, as this package reads them.
func ours(t *testing.T, f *fetched) []string {
	t.Helper()
	b, err := blockOf(f, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	c := cursor{to: 1 << 40}
	c.begin(b)
	var out []string
	for buf := make([]connectors.Record, 3); ; {
		n, err := c.fill(buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return out
		}
		for _, r := range buf[:n] {
			var headers []string
			for _, h := range r.Headers {
				headers = append(headers, fmt.Sprintf("%q=%q", h.Key, h.Value))
			}
			out = append(out, fmt.Sprintf("%d %d %q %v %q %v %q", r.Offset, r.Timestamp, r.Key, r.Key == nil, r.Value, r.Value == nil, headers))
		}
	}
}

// In every version of the protocol, an answer is read as sarama reads it.
func TestFetchIsReadAsSaramaReadsIt(t *testing.T) {
	for version := int16(oldestFetch); version <= latestFetch; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			versions := kversion.V4_0_0()
			versions.SetMaxKeyVersion(fetchKey, version)
			w := newWriter(t, fake(t, kfake.MaxVersions(versions), kfake.SeedTopics(2, "t", "u")).ListenAddrs()[0])
			for _, b := range samples() {
				w.put("t", 1, b)
			}
			s := open(t, w.table("t"))
			from := connectors.Offsets{"t/0": 0, "t/1": 0, "u/1": 0}
			a, err := exchange(t.Context(), s.pool, w.addr, true, func(c *conn) (*fetchAnswer, error) {
				return c.fetch(fetchRequest{from: from, wait: time.Millisecond, maxBytes: 1 << 20, most: 1 << 20, isolated: sarama.ReadCommitted})
			})
			w.must(err)
			f := a.parts["t/1"]
			for _, split := range []connectors.Split{"t/0", "u/1"} {
				if got := a.parts[split]; got == nil || got.err != sarama.ErrNoError || got.end != 0 || len(got.records) > 0 {
					t.Errorf("%s is %+v", split, got)
				}
			}
			if f.end != 20 || f.stable != 20 {
				t.Errorf("the end is %d, %d of it stable", f.end, f.stable)
			}
			req := &sarama.FetchRequest{Version: version, MaxWaitTime: 1, MinBytes: 1, MaxBytes: 1 << 20, Isolation: sarama.ReadCommitted, SessionEpoch: -1}
			req.AddBlock("t", 1, 0, 1<<20, -1)
			res, err := w.b.Fetch(req)
			w.must(err)
			var want []string
			for _, set := range res.GetBlock("t", 1).RecordsSet {
				want = append(want, described(set.RecordBatch)...)
			}
			if len(want) != 20 {
				t.Fatalf("sarama reads %d records", len(want))
			}
			f.memory = a.memory
			same(t, ours(t, f), want...)
		})
	}
}

// An answer that is cut off is none.
func TestStrangeAnswersAreErrors(t *testing.T) {
	for version := int16(oldestFetch); version <= latestFetch; version++ {
		whole := answerOf(version, "t", 1, []byte("records"))
		parts, err := decodeFetched(whole, version)
		if err != nil || len(parts) != 1 || string(parts["t/1"].records) != "records" || parts["t/1"].aborted[0] != (abortedTxn{producer: 7, first: 9}) {
			t.Fatalf("version %d: %+v, %v", version, parts, err)
		}
		for n := range len(whole) {
			if _, err := decodeFetched(whole[:n], version); err == nil {
				t.Errorf("version %d: an answer of %d bytes is read to its end in %d", version, len(whole), n)
			}
		}
	}
}

// answerOf writes what a broker answers, without its size and its number.
func answerOf(version int16, topic string, part int32, records []byte) []byte {
	be := binary.BigEndian
	flexible := version >= flexibleFetch
	var b []byte
	length := func(n int) {
		if flexible {
			b = binary.AppendUvarint(b, uint64(n)+1)
		} else {
			b = be.AppendUint32(b, uint32(n))
		}
	}
	tags := func(tags ...byte) {
		if flexible {
			b = append(append(b, byte(min(len(tags), 1))), tags...)
		}
	}
	tags()
	b = be.AppendUint32(b, 0)
	if version >= 7 {
		b = append(b, 0, 0, 0, 0, 0, 0)
	}
	length(1)
	if flexible {
		length(len(topic))
	} else {
		b = be.AppendUint16(b, uint16(len(topic)))
	}
	b = append(b, topic...)
	length(1)
	b = be.AppendUint32(b, uint32(part))
	b = append(b, make([]byte, 2+16)...)
	if version >= 5 {
		b = append(b, make([]byte, 8)...)
	}
	length(1)
	b = be.AppendUint64(be.AppendUint64(b, 7), 9)
	tags()
	if version >= 11 {
		b = be.AppendUint32(b, 1)
	}
	length(len(records))
	b = append(b, records...)
	tags(1, 2, 'x', 'y') // one field, of two bytes
	tags()
	tags()
	return b
}

// Whatever a batch says of itself, reading it ends, in records or in an error.
func FuzzBatches(f *testing.F) {
	for _, text := range []string{"", "\x00\x00\x02\x01\x02a\x00", "\x10\x00\x00\x00\x02k\x04vv\x00", "\x10\x00\x00\x00\x02k\x02v\x02\x02h"} {
		f.Add([]byte(text), uint16(0), int32(1))
	}
	for codec := range uint16(6) {
		f.Add([]byte("\x10\x00\x00\x00\x02k\x04vv\x00"), codec, int32(3))
	}
	f.Add([]byte("\x0c\x00\x00\x00\x08\x00\x00\x00\x00\x00"), uint16(control|transactional), int32(1))
	f.Fuzz(func(t *testing.T, records []byte, attributes uint16, count int32) {
		b := make([]byte, batchHeader, batchHeader+len(records))
		b[16] = 2
		be := binary.BigEndian
		be.PutUint32(b[8:], uint32(len(b)+len(records)-batchPrefix))
		be.PutUint16(b[21:], attributes)
		be.PutUint32(b[57:], uint32(count))
		b = append(b, records...)
		be.PutUint32(b[17:], crc32.Checksum(b[21:], castagnoli))
		memory := bytes.Clone(b)
		block, err := blockOf(&fetched{records: memory, memory: &memory}, 0, true)
		if err != nil {
			return
		}
		c := cursor{to: 1 << 40}
		c.begin(block)
		for buf := make([]connectors.Record, 3); ; {
			if n, err := c.fill(buf); n == 0 || err != nil {
				return
			}
		}
	})
}
