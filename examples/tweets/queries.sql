-- How many tweets there are in each language, kept up to date for as long as it runs.
CREATE MATERIALIZED VIEW per_language AS
SELECT lang, COUNT(*) AS tweets, SUM(retweets) AS retweets, MAX(id) AS latest
FROM tweet
GROUP BY lang;

-- The Korean and Japanese ones, taken apart. EMIT makes the query go on.
INSERT INTO processed_tweet
SELECT id, user, lang,
       REGEXP_SUBSTR(text, '#[^ #]+') AS hashtag,
       SUBSTRING_INDEX(text, ' ', 1) AS word,
       CHAR_LENGTH(text) AS chars
FROM tweet
WHERE lang IN ('ko', 'ja')
EMIT APPEND;

-- How often each hash-tag stands in the tweets of a minute, by the time of their writing.
-- With APPEND a count comes out once, when the watermark of the tweets has passed its
-- minute: it is final then, and forgotten.
INSERT INTO hashtag_per_minute
SELECT window_start, hashtag, COUNT(*)
FROM TUMBLE(TABLE tweet, DESCRIPTOR(created_at), INTERVAL 1 MINUTE)
  CROSS JOIN UNNEST(REGEXP_EXTRACT_ALL(text, '#[^ #]+')) AS h (hashtag)
GROUP BY window_start, window_end, hashtag
EMIT APPEND;
