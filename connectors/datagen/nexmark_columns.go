package datagen

import "sync"

// personColumns are the columns of table person.
func personColumns(s settings) []made {
	g := &nexmark{settings: s}
	text := func(f func(to []byte, d draw) []byte) func(to []byte, n int64) []byte {
		return func(to []byte, n int64) []byte { return f(to, g.draw(n)) }
	}
	city := func(to []byte, d draw) []byte { return append(to, pick(d, useCity, cities)...) }
	state := func(to []byte, d draw) []byte { return append(to, pick(d, useState, states)...) }
	return []made{
		{name: "id", number: func(n int64) int64 { return firstPerson + lastPerson(n) }},
		{name: "name", text: text(personName)},
		{name: "email_address", text: text(emailAddress)},
		{name: "credit_card", text: text(creditCard)},
		{name: "city", text: text(city)},
		{name: "state", text: text(state)},
		{name: "date_time", moment: g.at},
		{name: "extra", text: text(func(to []byte, d draw) []byte {
			var whole [200]byte
			size := 8 + len(state(city(creditCard(emailAddress(personName(whole[:0], d), d), d), d), d))
			return extra(to, d, size, 200)
		})},
	}
}

// auctionColumns are the columns of table auction.
func auctionColumns(s settings) []made {
	g := &nexmark{settings: s}
	first := func(n int64) int64 { return price(g.draw(n).bits(usePrice)) }
	return []made{
		{name: "id", number: func(n int64) int64 { return firstAuction + lastAuction(n) }},
		{name: "item_name", text: g.itemName},
		{name: "description", text: g.description},
		{name: "initial_bid", number: first},
		{name: "reserve", number: func(n int64) int64 { return first(n) + price(g.draw(n).bits(useReserve)) }},
		{name: "date_time", moment: g.at},
		{name: "expires", moment: g.expires},
		{name: "seller", number: g.seller},
		{name: "category", number: func(n int64) int64 { return firstCategory + g.draw(n).below(useCategory, categories) }},
		{name: "extra", text: func(to []byte, n int64) []byte {
			var whole [200]byte
			size := 6*8 + len(g.description(g.itemName(whole[:0], n), n))
			return extra(to, g.draw(n), size, 500)
		}},
	}
}

// bidColumns are the columns of table bid.
func bidColumns(s settings) []made {
	g := &nexmark{settings: s, urls: sync.OnceValue(func() []string { return channelURLs(s.seed) })}
	return []made{
		{name: "auction", number: g.auction},
		{name: "bidder", number: g.bidder},
		{name: "price", number: func(n int64) int64 { return price(g.draw(n).bits(usePrice)) }},
		{name: "channel", text: func(to []byte, n int64) []byte { return channelName(to, g.channel(n)) }},
		{name: "url", text: func(to []byte, n int64) []byte { return append(to, g.urls()[g.channel(n)]...) }},
		{name: "date_time", moment: g.at},
		{name: "extra", text: func(to []byte, n int64) []byte { return extra(to, g.draw(n), 4*8, 100) }},
	}
}
