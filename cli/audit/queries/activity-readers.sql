-- Who read most: in how many conversations, on how many days.
-- parameters: from, to
SELECT person,
  count(*) AS was_read,
  count(DISTINCT conversation) AS conversations,
  count(DISTINCT day) AS days,
  count(DISTINCT source_ip) AS addresses
FROM touches
WHERE day >= ? AND day <= ? AND way = 'read' AND outcome = 'allowed'
GROUP BY person
ORDER BY was_read DESC, person
