-- How often each bidder bid in each session; a session ends with ten seconds of rest.
SELECT bidder, COUNT(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM SESSION(bid PARTITION BY bidder, DESCRIPTOR(date_time), INTERVAL 10 SECOND)
GROUP BY bidder, window_start, window_end
EMIT APPEND;
