-- The same by person: how often each of them read, wrote and changed, and how often they were refused.
-- parameters: from, to, person, conversation, patient, patient
SELECT person,
  count(DISTINCT conversation) AS conversations,
  count_if(way = 'read' AND outcome = 'allowed') AS was_read,
  count_if(way = 'wrote' AND outcome = 'allowed') AS was_written,
  count_if(way IN ('changed', 'noted', 'listed') AND outcome = 'allowed') AS other,
  count_if(purpose = 'emergency' AND outcome = 'allowed') AS emergencies,
  count_if(outcome = 'refused') AS refused,
  min(moment) AS first_at,
  max(moment) AS last_at
FROM touches
WHERE day >= ? AND day <= ? AND person LIKE ? AND conversation LIKE ?
  AND (? = '%' OR conversation IN (SELECT conversation FROM memberships WHERE memberships.person = ?))
GROUP BY person
ORDER BY was_read DESC, person
