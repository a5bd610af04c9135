-- Auctions with at least the average number of bids.
SELECT A.id, A.item_name, COUNT(B.auction) AS bid_count
FROM auction A
JOIN bid B ON A.id = B.auction
GROUP BY A.id, A.item_name
HAVING COUNT(B.auction) >= (SELECT COUNT(*) / COUNT(DISTINCT auction) FROM bid)
EMIT UPDATE;
