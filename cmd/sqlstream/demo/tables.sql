-- Tweets come in as JSON objects, one a record, on the topic "tweet".
CREATE TABLE tweet (
  id BIGINT, user VARCHAR, lang VARCHAR, text VARCHAR, retweets INT, created_at TIMESTAMP(3)
) WITH (
  connector = 'kafka', topic = 'tweet', format = 'json',
  'bootstrap.servers' = '127.0.0.1:9092', 'auto.create' = 'true'
);

-- What the query below makes of them goes out on the topic "processed-tweet".
CREATE TABLE processed_tweet (
  id BIGINT, user VARCHAR, lang VARCHAR, hashtag VARCHAR, word VARCHAR, chars INT
) WITH (
  connector = 'kafka', topic = 'processed-tweet', format = 'json',
  'bootstrap.servers' = '127.0.0.1:9092', 'auto.create' = 'true'
);
