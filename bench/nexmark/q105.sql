-- The thousand auctions with the most bids.
SELECT A.id, A.item_name, COUNT(B.auction) AS bid_count
FROM auction A
JOIN bid B ON A.id = B.auction
GROUP BY A.id, A.item_name
ORDER BY bid_count DESC
LIMIT 1000
EMIT UPDATE;
