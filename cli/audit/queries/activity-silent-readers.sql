-- Who reads a conversation again and again and has never written in it.
-- parameters: from, to
SELECT person, conversation, was_read, days, first_at, last_at
FROM (
  SELECT person, conversation,
    count_if(operation <> 'sync' AND way = 'read') AS was_read,
    count_if(way = 'wrote') AS was_written,
    count(DISTINCT day) AS days,
    min(moment) AS first_at,
    max(moment) AS last_at
  FROM touches
  WHERE day >= ? AND day <= ? AND outcome = 'allowed' AND way IN ('read', 'wrote')
  GROUP BY person, conversation
) AS pairs
WHERE was_written = 0 AND was_read > 0
ORDER BY was_read DESC, person, conversation
