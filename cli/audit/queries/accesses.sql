-- Who saw, wrote or changed what of a patient's, a person's or a conversation's, when, for what, and was it allowed.
-- A person, conversation or patient of '%' is every one. A patient's are the conversations that they were ever a member of.
-- parameters: from, to, person, conversation, patient, patient
SELECT moment, person, operation, conversation, purpose, rule,
  CASE WHEN code IS NULL THEN outcome ELSE concat(outcome, ': ', code) END AS answer,
  source_ip, session, id
FROM touches
WHERE day >= ? AND day <= ? AND person LIKE ? AND conversation LIKE ?
  AND (? = '%' OR conversation IN (SELECT conversation FROM memberships WHERE memberships.person = ?))
ORDER BY moment, id, conversation
