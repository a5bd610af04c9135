-- How often each bidder bid in ten seconds of the engine's clock.
SELECT bidder, COUNT(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM TUMBLE(bid, DESCRIPTOR(PROCTIME()), INTERVAL 10 SECOND)
GROUP BY bidder, window_start, window_end
EMIT UPDATE;
