-- Each auction with its highest bid, if there is one.
SELECT A.id, A.item_name, B.max_price
FROM auction A
LEFT JOIN (SELECT auction, MAX(price) AS max_price FROM bid GROUP BY auction) B ON A.id = B.auction
EMIT UPDATE;
