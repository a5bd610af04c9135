-- Auctions with at least 20 bids.
SELECT id, item_name
FROM auction
WHERE id IN (SELECT auction FROM bid GROUP BY auction HAVING COUNT(*) >= 20)
EMIT UPDATE;
