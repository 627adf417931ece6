-- Messages that are older than a day, by month: past the retention that began there, they are returned by no read, unless a
-- hold keeps them or their kind of conversation has days of its own.
-- parameters: day
SELECT substr(day, 1, 7) AS one_month, count(*) AS messages, count(DISTINCT object) AS conversations
FROM trail
WHERE operation = 'message.send' AND outcome = 'allowed' AND day < ?
GROUP BY substr(day, 1, 7)
ORDER BY one_month
