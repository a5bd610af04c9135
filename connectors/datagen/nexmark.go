package datagen

import "math"

// The Nexmark benchmark (P. Tucker, K. Tufte, V. Papadimos, D. Maier, 2008) as Apache
// Beam, Flink and others run it: people enter, put up auctions, and bid on them. All
// three come from one row of events: of each 50 the first is a person, three are
// auctions, and the rest are bids. A table of a generator has the events of its kind;
// offsets and number.of.rows count the events of all kinds.
//
// Where the known generators differ, the choice is:
//   - events count from 0, so that auction 1000 and person 1000 are there (Flink's begin
//     with event 2);
//   - a bidder is a person's number, to which 1000 is added once (Flink adds it twice, and
//     its bidders join few people);
//   - what an event holds is a function of the seed and its number (Flink's runs are not
//     repeatable), and of no other column;
//   - the first event is of 2015-07-15 00:00:00, as in Beam;
//   - names keep their upper case.
const (
	nexmarkRound = 50 // events of which the shares below are part
	people       = 1  // of each round, first
	auctions     = 3  // then
	nexmarkRate  = 10_000

	firstPerson, firstAuction, firstCategory = 1000, 1000, 10

	activePeople  = 1000 // so many of the last are sellers and bidders
	leadPeople    = 10   // and so many who are yet to come
	liveAuctions  = 100  // as many of the last take bids
	leadAuctions  = 10
	hot           = 100 // of so many people or auctions one is hot
	channels      = 10_000
	categories    = 5
	horizonEvents = liveAuctions * nexmarkRound / auctions // how long an auction is open, about
)

func isPerson(n int64) bool  { return n%nexmarkRound < people }
func isAuction(n int64) bool { r := n % nexmarkRound; return r >= people && r < people+auctions }
func isBid(n int64) bool     { return n%nexmarkRound >= people+auctions }

// lastPerson is the last person, from 0, at event n.
func lastPerson(n int64) int64 { return n/nexmarkRound*people + min(n%nexmarkRound, people-1) }

// lastAuction is the last auction, from 0, at event n; -1 before there is one.
func lastAuction(n int64) int64 {
	at := min(max(n%nexmarkRound-people, -1), auctions-1)
	return n/nexmarkRound*auctions + at
}

// What the bits of a draw are used for; text of any length stands last.
const (
	usePerson = iota
	usePersonHot
	useAuction
	useAuctionHot
	usePrice
	useReserve
	useChannel
	useHotChannel
	useCategory
	useExpires
	useFirstName
	useLastName
	useCity
	useState
	useCard
	useLength

	useDomain = 0x100 // and what follows, as with those below
	useText   = 0x200
	useExtra  = 0x300
)

// A nexmark makes events.
type nexmark struct {
	settings
	urls func() []string // of the channels, then of the hot ones
}

func (g *nexmark) draw(n int64) draw { return drawOf(g.seed, n) }

// seller is who put up auction n: three of four times the last hot one.
func (g *nexmark) seller(n int64) int64 {
	d := g.draw(n)
	if d.below(usePersonHot, 4) > 0 {
		return firstPerson + lastPerson(n)/hot*hot
	}
	return g.person(d, n)
}

// bidder is who made bid n: three of four times the one behind the last hot one.
func (g *nexmark) bidder(n int64) int64 {
	d := g.draw(n)
	if d.below(usePersonHot, 4) > 0 {
		return firstPerson + lastPerson(n)/hot*hot + 1
	}
	return g.person(d, n)
}

// person is one of those who are active at event n.
func (g *nexmark) person(d draw, n int64) int64 {
	all := lastPerson(n) + 1
	active := min(all, activePeople)
	return firstPerson + all - active + d.below(usePerson, active+leadPeople)
}

// auction is what bid n is for: half of the time the last hot one.
func (g *nexmark) auction(n int64) int64 {
	d, last := g.draw(n), lastAuction(n)
	if d.below(useAuctionHot, 2) > 0 {
		return firstAuction + last/hot*hot
	}
	low := max(last-liveAuctions, 0)
	return firstAuction + low + d.below(useAuction, last-low+1+leadAuctions)
}

// price is 100 to 100,000,000, each of its six magnitudes as likely as the others.
func price(random uint64) int64 {
	u := float64(random>>11) / (1 << 53)
	return int64(math.Round(math.Exp(u*6*math.Ln10) * 100))
}

// expires is when auction n ends, in microseconds since 1970.
func (g *nexmark) expires(n int64) int64 {
	horizon := g.millis(n+horizonEvents) - g.millis(n)
	return g.at(n) + (1+g.draw(n).below(useExpires, max(2*horizon, 1)))*1000
}

// channel is the number of a bid's channel: half of the time of one of the four hot ones,
// which come behind the others.
func (g *nexmark) channel(n int64) int64 {
	d := g.draw(n)
	if d.below(useHotChannel, 2) > 0 {
		return channels + d.below(useChannel, int64(len(hotChannels)))
	}
	return d.below(useChannel, channels)
}
