-- What was done about these people's access from a moment on: sign-ins ended, people disabled, rights changed. People are their
-- ids joined by commas.
-- parameters: from, people
SELECT moment, person, operation, object, id
FROM trail
WHERE operation IN ('session.revoke', 'person.disable', 'person.change-roles') AND outcome = 'allowed'
  AND moment >= ? AND strpos(?, object) > 0
ORDER BY moment, id
