-- Made-up tweets in Korean, English and Japanese, five a second.
CREATE TABLE fake_tweet (
  id BIGINT, user VARCHAR, lang VARCHAR, text VARCHAR, retweets INT, created_at TIMESTAMP(3)
) WITH (connector = 'datagen', generator = 'tweets', 'rows.per.second' = '5');

INSERT INTO tweet SELECT * FROM fake_tweet EMIT APPEND;
