-- The same by day.
-- parameters: from, to, person, conversation, patient, patient
SELECT day,
  count_if(way = 'read' AND outcome = 'allowed') AS was_read,
  count_if(way = 'wrote' AND outcome = 'allowed') AS was_written,
  count_if(outcome = 'refused') AS refused
FROM touches
WHERE day >= ? AND day <= ? AND person LIKE ? AND conversation LIKE ?
  AND (? = '%' OR conversation IN (SELECT conversation FROM memberships WHERE memberships.person = ?))
GROUP BY day
ORDER BY day
