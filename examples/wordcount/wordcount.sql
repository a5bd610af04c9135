-- Each line of the file is a row.
CREATE TABLE lines (line VARCHAR) WITH (connector = 'file', path = 'text.txt', format = 'raw');

-- The words of each line, counted. EMIT makes the query go on with the lines that come.
SELECT word, COUNT(*) AS n
FROM lines, regexp_split_to_table(LOWER(line), '[^a-z'']+') AS word
GROUP BY word
ORDER BY n DESC
LIMIT 5
EMIT COMPLETE TRIGGER AVAILABLE NOW;
