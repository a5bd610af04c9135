-- Bids with their bidders, and the auctions that these have put up themselves.
SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.date_time, B.extra AS bid_extra,
  P.id AS person_id, P.name, P.email_address, P.credit_card, P.city, P.state, P.extra AS person_extra,
  A.id AS auction_id, A.item_name, A.description, A.initial_bid, A.reserve, A.date_time AS auction_date_time, A.expires,
  A.seller, A.category, A.extra AS auction_extra
FROM bid B
JOIN person P ON P.id = B.bidder
JOIN auction A ON A.seller = B.bidder
EMIT APPEND;
