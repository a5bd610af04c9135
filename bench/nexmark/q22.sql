-- Bids with the three directories of their url.
SELECT auction, bidder, price, channel,
  SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 4), '/', -1) AS dir1,
  SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 5), '/', -1) AS dir2,
  SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 6), '/', -1) AS dir3
FROM bid
EMIT APPEND;
