-- Made-up tweets in Korean, English and Japanese, five a second. They were written one a
-- second, so that a minute of theirs is over in 12 seconds, and come up to four seconds
-- out of order.
CREATE TABLE fake_tweet (
  id BIGINT, user VARCHAR, lang VARCHAR, text VARCHAR, retweets INT, created_at TIMESTAMP(3)
) WITH (
  connector = 'datagen', generator = 'tweets', 'rows.per.second' = '5',
  'events.per.second' = '1', 'out.of.order' = '5'
);

INSERT INTO tweet SELECT * FROM fake_tweet EMIT APPEND;
