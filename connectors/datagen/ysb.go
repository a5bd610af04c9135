package datagen

import (
	"encoding/hex"
	"strconv"
)

// The Yahoo Streaming Benchmark (S. Chintapalli and others, 2016): events of ads, which a
// static table assigns to campaigns. Everything is uniform; ids are UUIDs, made from the
// seed and their number.
const (
	ysbRate      = 100
	ysbUsers     = 100
	ysbPages     = 100
	ysbCampaigns = 100
	ysbAds       = 10 * ysbCampaigns

	skewMillis  = 50     // how far a time may be off
	lateOne     = 100000 // of so many events one is late
	latestMilli = 60_000 // by less than this
)

var (
	adTypes    = []string{"banner", "modal", "sponsored-search", "mail", "mobile"}
	eventTypes = []string{"view", "click", "purchase"}
)

// What the bits of an event's draw are used for.
const (
	useUser = iota
	usePage
	useAd
	useAdType
	useEventType
	useSkew
	useLate
	useLateBy
)

// uuids makes so many ids of a kind.
func uuids(seed uint64, kind string, count int) []string {
	out := make([]string, count)
	for i := range out {
		d := drawOf(seed^hashName(kind), int64(i))
		var b [16]byte
		for j := range b {
			b[j] = byte(d.bits(uint64(j/8)) >> (j % 8 * 8))
		}
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4 (RFC 9562)
		h := hex.EncodeToString(b[:])
		out[i] = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return out
}

// adEventColumns are the columns of the events. event_time is a moment, or the text of its
// milliseconds since 1970 as the benchmark writes it.
func adEventColumns(s settings) []made {
	one := func(use uint64, of []string) func(to []byte, n int64) []byte {
		return func(to []byte, n int64) []byte { return append(to, pick(drawOf(s.seed, n), use, of)...) }
	}
	return []made{
		{name: "user_id", text: one(useUser, uuids(s.seed, "user", ysbUsers))},
		{name: "page_id", text: one(usePage, uuids(s.seed, "page", ysbPages))},
		{name: "ad_id", text: one(useAd, uuids(s.seed, "ad", ysbAds))},
		{name: "ad_type", text: one(useAdType, adTypes)},
		{name: "event_type", text: one(useEventType, eventTypes)},
		{name: "event_time", moment: s.eventTime},
		{name: "event_time", text: func(to []byte, n int64) []byte { return strconv.AppendInt(to, s.eventTime(n)/1000, 10) }},
		{name: "ip_address", text: func(to []byte, _ int64) []byte { return append(to, "1.2.3.4"...) }},
	}
}

// eventTime is when event n was, in microseconds since 1970.
func (s *settings) eventTime(n int64) int64 {
	at := s.at(n)
	if !s.skew {
		return at
	}
	d := drawOf(s.seed, n)
	at += (d.below(useSkew, 2*skewMillis) - skewMillis) * 1000
	if d.below(useLate, lateOne) == 0 {
		at -= d.below(useLateBy, latestMilli) * 1000
	}
	return at
}

// adColumns are the columns of the table of ads.
func adColumns(s settings) []made {
	ads, campaigns := uuids(s.seed, "ad", ysbAds), uuids(s.seed, "campaign", ysbCampaigns)
	return []made{
		{name: "ad_id", text: func(to []byte, n int64) []byte { return append(to, ads[n]...) }},
		{name: "campaign_id", text: func(to []byte, n int64) []byte { return append(to, campaigns[n/(ysbAds/ysbCampaigns)]...) }},
	}
}
