package kafka

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// Fetches are written and read here and not by sarama, whose answers are a struct and
// several slices for each record: they took a third of the time of a query that only
// passes records on. Here the records stay where the socket has put them.
const (
	fetchKey      = 1
	oldestFetch   = 4  // Kafka 0.11, the first with batches as they are today
	latestFetch   = 12 // Kafka 2.7, and whatever comes after it
	flexibleFetch = 12 // lengths are varints from here on, and tagged fields follow

	mostOfAnAnswer = 64 << 20 // bytes, unless the first batch is longer
)

// A fetchRequest asks for what partitions have from an offset on.
type fetchRequest struct {
	from     connectors.Offsets
	wait     time.Duration // for data of any of them, at most
	maxBytes int32         // of each; the first batch of an answer comes whole
	most     int32         // of an answer
	isolated sarama.IsolationLevel
}

// A fetchAnswer is what a broker says to a fetchRequest, by partition.
type fetchAnswer struct {
	parts  map[connectors.Split]*fetched
	memory *[]byte // that all their records lie in
}

// A fetched is what it says of one partition.
type fetched struct {
	err     sarama.KError
	end     int64 // the high watermark
	stable  int64 // the last stable offset
	aborted []abortedTxn
	records []byte // batches as they are in the log, the last perhaps cut off
	memory  *[]byte
	longest int // bytes of a batch when it is unpacked; 0 for longestBatch
}

// An abortedTxn is a transaction of a producer that came to nothing, by the offset of its
// first record.
type abortedTxn struct{ producer, first int64 }

// fetch makes a request of a connection that nobody else uses meanwhile.
func (c *conn) fetch(req fetchRequest) (*fetchAnswer, error) {
	version, err := c.fetchVersion()
	if err != nil {
		return nil, err
	}
	c.correlation++
	timeout := c.conf.Net.ReadTimeout
	if err := c.raw.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if _, err := c.raw.Write(req.encode(version, c.correlation, c.conf.ClientID)); err != nil {
		return nil, err
	}
	var head [8]byte
	if err := c.readFull(head[:], timeout); err != nil {
		return nil, err
	}
	size, of := int32(binary.BigEndian.Uint32(head[:])), int32(binary.BigEndian.Uint32(head[4:]))
	if of != c.correlation {
		return nil, fmt.Errorf("the broker answers request %d in place of %d", of, c.correlation)
	}
	if size < 4 || size > sarama.MaxResponseSize {
		return nil, fmt.Errorf("the broker says that its answer has %d bytes", size)
	}
	memory := takeMemory(int(size) - 4)
	if err := c.readFull(*memory, timeout); err != nil {
		return nil, err
	}
	parts, err := decodeFetched(*memory, version)
	if err != nil {
		giveMemory(memory)
		return nil, err
	}
	return &fetchAnswer{parts, memory}, nil
}

func (c *conn) readFull(buf []byte, timeout time.Duration) error {
	if err := c.raw.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	_, err := io.ReadFull(c.raw, buf)
	return err
}

// fetchVersion is the latest version of a fetch that both sides know.
func (c *conn) fetchVersion() (int16, error) {
	if c.version > 0 {
		return c.version, nil
	}
	res, err := c.ApiVersions(&sarama.ApiVersionsRequest{Version: 3, ClientSoftwareName: "sqlstream", ClientSoftwareVersion: "1"})
	if err != nil {
		return 0, err
	}
	for _, k := range res.ApiKeys {
		if k.ApiKey == fetchKey && k.MaxVersion >= oldestFetch && k.MinVersion <= latestFetch {
			c.version = min(k.MaxVersion, latestFetch)
			return c.version, nil
		}
	}
	return 0, fmt.Errorf("the broker at %s and sqlstream have no version of a fetch in common: it must be Kafka 0.11 or later", c.Addr())
}

// encode writes a request with its header and size. It keeps no session with the broker,
// and names no leader's epoch.
func (r *fetchRequest) encode(version int16, correlation int32, client string) []byte {
	flexible := version >= flexibleFetch
	be := binary.BigEndian
	b := make([]byte, 4, 192)
	length := func(n int) {
		if flexible {
			b = binary.AppendUvarint(b, uint64(n)+1)
		} else {
			b = be.AppendUint32(b, uint32(n))
		}
	}
	text := func(s string) {
		if flexible {
			length(len(s))
		} else {
			b = be.AppendUint16(b, uint16(len(s)))
		}
		b = append(b, s...)
	}
	noTags := func() {
		if flexible {
			b = append(b, 0)
		}
	}
	const none = ^uint32(0)
	b = be.AppendUint16(b, fetchKey)
	b = be.AppendUint16(b, uint16(version))
	b = be.AppendUint32(b, uint32(correlation))
	b = be.AppendUint16(b, uint16(len(client)))
	b = append(b, client...)
	noTags()
	b = be.AppendUint32(b, none) // we are no replica
	b = be.AppendUint32(b, uint32(r.wait/time.Millisecond))
	b = be.AppendUint32(b, 1)
	b = be.AppendUint32(b, uint32(r.most))
	b = append(b, byte(r.isolated))
	if version >= 7 {
		b = be.AppendUint32(b, 0) // session
		b = be.AppendUint32(b, none)
	}
	topics := map[string][]int32{}
	for split := range r.from {
		topic, part := splitOf(split)
		topics[topic] = append(topics[topic], part)
	}
	length(len(topics))
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		text(topic)
		length(len(topics[topic]))
		for _, part := range topics[topic] {
			b = be.AppendUint32(b, uint32(part))
			if version >= 9 {
				b = be.AppendUint32(b, none) // the leader's epoch
			}
			b = be.AppendUint64(b, uint64(r.from[splitName(topic, part)]))
			if version >= 12 {
				b = be.AppendUint32(b, none) // the epoch of what was fetched last
			}
			if version >= 5 {
				b = be.AppendUint64(b, ^uint64(0)) // a follower's start of the log
			}
			b = be.AppendUint32(b, uint32(r.maxBytes))
			noTags() // of the partition
		}
		noTags() // of the topic
	}
	if version >= 7 {
		length(0) // partitions to forget
	}
	if version >= 11 {
		text("") // rack
	}
	noTags()
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

// decodeFetched reads an answer without its size and its number.
func decodeFetched(p []byte, version int16) (map[connectors.Split]*fetched, error) {
	s := scanner{p: p}
	flexible := version >= flexibleFetch
	length := func() int {
		if flexible {
			return int(s.uvarint()) - 1
		}
		return int(int32(s.uint32()))
	}
	tags := func() {
		if flexible {
			for range s.count(int(s.uvarint())) {
				s.uvarint()
				s.take(int(s.uvarint()))
			}
		}
	}
	tags()
	s.uint32() // how long the broker has held us back
	if version >= 7 {
		if code := sarama.KError(s.uint16()); code != sarama.ErrNoError && !s.short {
			return nil, code
		}
		s.uint32() // session
	}
	out := map[connectors.Split]*fetched{}
	for range s.count(length()) {
		name := ""
		if flexible {
			name = string(s.take(length()))
		} else {
			name = string(s.take(int(s.uint16())))
		}
		for range s.count(length()) {
			split := splitName(name, int32(s.uint32()))
			f := &fetched{err: sarama.KError(s.uint16()), end: int64(s.uint64()), stable: int64(s.uint64())}
			if version >= 5 {
				s.take(8) // the log's start
			}
			for range s.count(length()) {
				f.aborted = append(f.aborted, abortedTxn{producer: int64(s.uint64()), first: int64(s.uint64())})
				tags()
			}
			if version >= 11 {
				s.uint32() // a replica that may be nearer
			}
			f.records = s.take(length())
			tags()
			out[split] = f
		}
		tags()
	}
	tags()
	if s.short {
		return nil, sarama.ErrInsufficientData
	}
	return out, nil
}
