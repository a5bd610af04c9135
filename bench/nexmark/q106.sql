-- The lowest of all closing prices.
SELECT MIN(final) AS min_final
FROM (
  SELECT A.id, MAX(B.price) AS final
  FROM auction A, bid B
  WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
  GROUP BY A.id
) Q
EMIT UPDATE;
