package datagen

import "math/bits"

// mix is one step of SplitMix64 (G. Steele, D. Lea, C. Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func hashName(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(s) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// golden spreads numbers that follow one another over all of 64 bits.
const golden = 0x9E3779B97F4A7C15

// A draw is the randomness of one row, of which each use takes a part of its own: what a
// column has does not depend on which columns are asked for.
type draw uint64

// drawOf is the draw of row n.
func drawOf(seed uint64, n int64) draw { return draw(mix(seed ^ uint64(n)*golden)) }

// bits returns 64 random bits for a use.
func (d draw) bits(use uint64) uint64 { return mix(uint64(d) + use*golden) }

// below returns a number of [0, n) for a use, n above 0.
func (d draw) below(use uint64, n int64) int64 { return below(d.bits(use), n) }

// below brings 64 random bits down to [0, n).
func below(random uint64, n int64) int64 {
	hi, _ := bits.Mul64(random, uint64(n))
	return int64(hi)
}
