-- Who in Oregon, Idaho or California sells in category 10.
SELECT P.name, P.city, P.state, A.id
FROM auction A
JOIN person P ON A.seller = P.id
WHERE A.category = 10 AND (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA')
EMIT APPEND;
