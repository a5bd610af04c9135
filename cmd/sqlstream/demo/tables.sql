-- Tweets come in as JSON objects, one a record, on the topic "tweet". They come a little
-- out of order; one that is more than five seconds older than another that came before
-- it in its partition is late, and left out.
CREATE TABLE tweet (
  id BIGINT, user VARCHAR, lang VARCHAR, text VARCHAR, retweets INT, created_at TIMESTAMP(3),
  WATERMARK FOR created_at AS created_at - INTERVAL 5 SECOND
) WITH (
  connector = 'kafka', topic = 'tweet', format = 'json',
  'bootstrap.servers' = '127.0.0.1:9092', 'auto.create' = 'true'
);

-- What the queries make of them goes out on the topics "processed-tweet" and
-- "hashtag-per-minute".
CREATE TABLE processed_tweet (
  id BIGINT, user VARCHAR, lang VARCHAR, hashtag VARCHAR, word VARCHAR, chars INT
) WITH (
  connector = 'kafka', topic = 'processed-tweet', format = 'json',
  'bootstrap.servers' = '127.0.0.1:9092', 'auto.create' = 'true'
);

CREATE TABLE hashtag_per_minute (
  minute TIMESTAMP(0), hashtag VARCHAR, tweets BIGINT
) WITH (
  connector = 'kafka', topic = 'hashtag-per-minute', format = 'json',
  'bootstrap.servers' = '127.0.0.1:9092', 'auto.create' = 'true'
);
