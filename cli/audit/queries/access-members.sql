-- Who was a member meanwhile. A message pushed to an open device leaves no record of a read: a member may have seen, by
-- push, whatever was said while they were one. This is the bound: at most these.
-- parameters: to, from, conversation, patient, patient
SELECT memberships.conversation, memberships.person, memberships.since, memberships.until
FROM memberships
WHERE (since IS NULL OR substr(since, 1, 10) <= ?) AND (until IS NULL OR substr(until, 1, 10) >= ?)
  AND conversation LIKE ?
  AND (? = '%' OR conversation IN (SELECT own.conversation FROM memberships AS own WHERE own.person = ?))
ORDER BY conversation, person, since
