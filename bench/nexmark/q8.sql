-- Who entered and put up an auction within the same ten seconds.
SELECT P.id, P.name, P.st AS starttime
FROM (
  SELECT id, name, window_start AS st, window_end AS et
  FROM TUMBLE(person, DESCRIPTOR(date_time), INTERVAL 10 SECOND)
  GROUP BY id, name, window_start, window_end
) P
JOIN (
  SELECT seller, window_start AS st, window_end AS et
  FROM TUMBLE(auction, DESCRIPTOR(date_time), INTERVAL 10 SECOND)
  GROUP BY seller, window_start, window_end
) A ON P.id = A.seller AND P.st = A.st AND P.et = A.et
EMIT APPEND;
