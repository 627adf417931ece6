-- How much was in each conversation until a moment.
-- parameters: before
SELECT object AS conversation, count(*) AS messages, min(moment) AS first_at, max(moment) AS last_at
FROM trail
WHERE operation = 'message.send' AND outcome = 'allowed' AND moment < ?
GROUP BY object
ORDER BY object
