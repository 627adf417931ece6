-- Each destruction of a conversation: by whom it was asked for, and by which two people it was carried out.
-- parameters: from, to
SELECT object AS conversation,
  min(moment) AS asked_at,
  min_by(person, moment) AS asked_by,
  count(DISTINCT person) AS people,
  CASE WHEN count(DISTINCT person) > 1 THEN max(moment) END AS destroyed_at,
  CASE WHEN count(DISTINCT person) > 1 THEN max_by(person, moment) END AS second_person
FROM trail
WHERE operation = 'conversation.shred' AND outcome = 'allowed' AND day >= ? AND day <= ?
GROUP BY object
ORDER BY asked_at, conversation
