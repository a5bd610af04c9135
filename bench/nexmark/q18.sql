-- The last bid of each bidder for each auction.
SELECT auction, bidder, price, channel, url, date_time, extra
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC, extra) AS rn
  FROM bid
) T
WHERE rn <= 1
EMIT UPDATE;
