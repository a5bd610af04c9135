-- The auctions with the most bids of the last ten seconds, every two seconds.
SELECT AB.auction, AB.num
FROM (
  SELECT auction, COUNT(*) AS num, window_start AS st, window_end AS et
  FROM HOP(bid, DESCRIPTOR(date_time), INTERVAL 2 SECOND, INTERVAL 10 SECOND)
  GROUP BY auction, window_start, window_end
) AB
JOIN (
  SELECT MAX(CB.num) AS maxn, CB.st, CB.et
  FROM (
    SELECT COUNT(*) AS num, window_start AS st, window_end AS et
    FROM HOP(bid, DESCRIPTOR(date_time), INTERVAL 2 SECOND, INTERVAL 10 SECOND)
    GROUP BY auction, window_start, window_end
  ) CB
  GROUP BY CB.st, CB.et
) MB ON AB.st = MB.st AND AB.et = MB.et AND AB.num >= MB.maxn
EMIT APPEND;
