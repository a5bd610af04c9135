package datagen

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"
)

var (
	hotChannels = []string{"Google", "Facebook", "Baidu", "Apple"}
	firstNames  = []string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
	lastNames   = []string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
	cities      = []string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	states      = []string{"AZ", "CA", "ID", "OR", "WA", "WY"}
)

// words appends text of 3 to most-1 characters, of which one in 13 is special, without
// blanks at its ends.
func words(to []byte, d draw, use uint64, most int64, special byte) []byte {
	from := len(to)
	length := 3 + d.below(use, most-3)
	for i := int64(0); i < length; i += 6 {
		random := d.bits(use + 1 + uint64(i))
		for range min(6, length-i) {
			var c uint64
			c, random = bits.Mul64(random, 13*26)
			if c < 26 {
				to = append(to, special)
			} else {
				to = append(to, 'a'+byte(c%26))
			}
		}
	}
	return append(to[:from], bytes.Trim(to[from:], " ")...)
}

// pairs are all pairs of letters.
var pairs = func() (p [26 * 26][2]byte) {
	for i := range p {
		p[i] = [2]byte{'a' + byte(i/26), 'a' + byte(i%26)}
	}
	return p
}()

// letters appends so many random letters.
func letters(to []byte, d draw, use uint64, length int) []byte {
	end := len(to) + length
	for ; len(to) < end; use++ {
		random := d.bits(use)
		for i := 0; i < 5 && len(to) < end; i++ {
			var p uint64
			p, random = bits.Mul64(random, uint64(len(pairs)))
			to = append(to, pairs[p][:]...)
		}
	}
	return to[:end]
}

// extra appends what brings an event of so many bytes to an average, give or take a
// fifth of what is lacking.
func extra(to []byte, d draw, size, average int) []byte {
	if size > average {
		return to
	}
	lacks := average - size
	spread := int(math.Round(float64(lacks) * 0.2))
	length := lacks - spread
	if spread > 0 {
		length += int(d.below(useLength, int64(2*spread)))
	}
	return letters(to, d, useExtra, length)
}

func personName(to []byte, d draw) []byte {
	to = append(to, pick(d, useFirstName, firstNames)...)
	to = append(to, ' ')
	return append(to, pick(d, useLastName, lastNames)...)
}

func pick(d draw, use uint64, of []string) string { return of[d.below(use, int64(len(of)))] }

func emailAddress(to []byte, d draw) []byte {
	to = append(words(to, d, useText, 7, ' '), '@')
	return append(words(to, d, useDomain, 5, ' '), ".com"...)
}

// creditCard appends four numbers of four digits.
func creditCard(to []byte, d draw) []byte {
	random := d.bits(useCard)
	for i := range 4 {
		if i > 0 {
			to = append(to, ' ')
		}
		var four uint64
		four, random = bits.Mul64(random, 10_000)
		to = append(to, '0'+byte(four/1000), '0'+byte(four/100%10), '0'+byte(four/10%10), '0'+byte(four%10))
	}
	return to
}

func (g *nexmark) itemName(to []byte, n int64) []byte {
	return words(to, g.draw(n), useDomain, 20, ' ')
}

func (g *nexmark) description(to []byte, n int64) []byte {
	return words(to, g.draw(n), useText, 100, ' ')
}

// channelName appends the name of a channel by its number.
func channelName(to []byte, channel int64) []byte {
	if channel >= channels {
		return append(to, hotChannels[channel-channels]...)
	}
	return strconv.AppendInt(append(to, "channel-"...), channel, 10)
}

// channelURLs are what each channel links to; nine of ten that are not hot name an id.
func channelURLs(seed uint64) []string {
	urls := make([]string, channels+len(hotChannels))
	for i := range urls {
		d := drawOf(seed^nexmarkURLs, int64(i))
		url := []byte("https://www.nexmark.com/")
		for part := range uint64(3) {
			url = append(words(url, d, useText+part*16, 5, '_'), '/')
		}
		url = append(url, "item.htm?query=1"...)
		if i < channels && d.below(useChannel, 10) > 0 {
			id := int64(int32(bits.Reverse32(uint32(i))))
			url = strconv.AppendInt(append(url, "&channel_id="...), max(id, -id), 10)
		}
		urls[i] = string(url)
	}
	return urls
}

// nexmarkURLs keeps the draws of channels apart from those of events.
const nexmarkURLs = 0x75726C73
