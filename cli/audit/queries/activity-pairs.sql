-- Who read which conversation how often.
-- parameters: from, to
SELECT person, conversation, count(*) AS was_read, min(moment) AS first_at, max(moment) AS last_at
FROM touches
WHERE day >= ? AND day <= ? AND way = 'read' AND outcome = 'allowed'
GROUP BY person, conversation
ORDER BY person, conversation
