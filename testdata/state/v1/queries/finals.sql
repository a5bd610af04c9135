SELECT window_start, k, COUNT(*) AS c FROM TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 1 MINUTE) GROUP BY window_start, window_end, k EMIT APPEND;
SELECT window_start, k, c FROM tumbled WHERE window_start <= TIMESTAMP '2024-03-01 10:01:00';
SELECT window_start, window_end, k, COUNT(*) AS c FROM SESSION(TABLE clicks PARTITION BY k, DESCRIPTOR(ts), INTERVAL 30 SECOND) GROUP BY window_start, window_end, k EMIT APPEND;
SELECT * FROM sessions WHERE window_end <= TIMESTAMP '2024-03-01 10:02:50';
SELECT window_start, MAX(price) AS m FROM HOP(TABLE buys, DESCRIPTOR(ts), INTERVAL 20 SECOND, INTERVAL 1 MINUTE) GROUP BY window_start, window_end EMIT APPEND;
SELECT window_start, MAX(price) AS m FROM HOP(TABLE buys, DESCRIPTOR(ts), INTERVAL 20 SECOND, INTERVAL 1 MINUTE) WHERE window_end <= TIMESTAMP '2024-03-01 10:02:51' GROUP BY window_start, window_end;
SELECT c.id AS click, b.id AS buy FROM clicks c LEFT JOIN buys b ON c.k = b.k AND b.ts BETWEEN c.ts - INTERVAL 10 SECOND AND c.ts + INTERVAL 10 SECOND EMIT APPEND;
SELECT i.click, i.buy FROM interval_join i JOIN clicks c ON i.click = c.id WHERE c.ts < TIMESTAMP '2024-03-01 10:02:40';
