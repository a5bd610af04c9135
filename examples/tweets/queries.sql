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
