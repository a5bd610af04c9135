-- Bids with the day and the minute, by which files are partitioned.
SELECT auction, bidder, price, date_time, extra,
  DATE_FORMAT(date_time, '%Y-%m-%d') AS dt, DATE_FORMAT(date_time, '%H:%i') AS hm
FROM bid
EMIT APPEND;
