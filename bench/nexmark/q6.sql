-- The average closing price of each seller's last auctions: of eleven rows, the row itself among them.
SELECT Q.seller, AVG(Q.price) OVER (
  PARTITION BY Q.seller ORDER BY Q.date_time ROWS BETWEEN 10 PRECEDING AND CURRENT ROW
) AS avg_price
FROM (
  SELECT A.id, A.seller, B.price, B.date_time,
    ROW_NUMBER() OVER (PARTITION BY A.id, A.seller ORDER BY B.price DESC, B.date_time) AS rn
  FROM auction A, bid B
  WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
) Q
WHERE Q.rn <= 1
EMIT UPDATE;
