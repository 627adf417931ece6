-- What the trail holds: how many records, from when until when.
-- parameters: to
SELECT count(*) AS records, min(moment) AS first_at, max(moment) AS last_at, count(DISTINCT day) AS days
FROM trail
WHERE day <= ?
