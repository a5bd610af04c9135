package bench

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// events is how many bids a topic holds.
const events = 1_000_000

// appendBid writes the n-th bid as JSON of about 240 bytes, the layout of Nexmark.
func appendBid(dst []byte, n int) []byte {
	x := uint64(n+1) * 0x9E3779B97F4A7C15
	return fmt.Appendf(dst, `{"auction":%d,"bidder":%d,"price":%d,"channel":"channel-%d","url":"https://www.nexmark.com/item.htm?query=1&channel_id=%d","dateTime":"2026-01-01 00:%02d:%02d.%03d","extra":"%016x%016x%08x"}`,
		1000+x%10_000, 1000+(x>>20)%50_000, 100+(x>>33)%10_000_000, x%5000, x%5000,
		n/60_000%60, n/1000%60, n%1000, x, x*0xBF58476D1CE4E5B9, uint32(x>>7))
}

const bidColumns = `auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, dateTime TIMESTAMP(3), extra VARCHAR`

// load fills a topic with bids, compressed by a codec. A topic that a run before left
// on the broker is taken as it is.
func load(b *testing.B, addr, topic string, codec kgo.CompressionCodec) {
	b.Helper()
	ctx := context.Background()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(900_000))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if !create(b, c, topic) {
		return
	}
	buf := make([]byte, 0, 256*events)
	for n := range events {
		from := len(buf)
		buf = appendBid(buf, n)
		c.Produce(ctx, &kgo.Record{Topic: topic, Value: buf[from:]}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := c.Flush(ctx); err != nil {
		b.Fatal(err)
	}
}

// create makes a topic of one partition; false where it is there.
func create(b *testing.B, c *kgo.Client, topic string) bool {
	b.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = topic, 1, 1
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	code := resp.Topics[0].ErrorCode
	if err := kerr.ErrorForCode(code); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		b.Fatalf("create topic %s: %v", topic, err)
	}
	return code == 0
}
