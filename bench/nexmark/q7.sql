-- The highest bids of each ten seconds. The window's end is within BETWEEN: a bid at it can match the window before.
SELECT B.auction, B.price, B.bidder, B.date_time, B.extra
FROM bid B
JOIN (
  SELECT MAX(price) AS maxprice, window_end AS we
  FROM TUMBLE(bid, DESCRIPTOR(date_time), INTERVAL 10 SECOND)
  GROUP BY window_start, window_end
) M ON B.price = M.maxprice
WHERE B.date_time BETWEEN M.we - INTERVAL 10 SECOND AND M.we
EMIT APPEND;
