-- What administrators and privacy officers did, to whom and what, and whether it was allowed.
-- parameters: from, to
SELECT moment, person, operation, object, rule, outcome, code, id
FROM trail
WHERE day >= ? AND day <= ?
  AND (operation LIKE 'person.%' OR operation LIKE 'retention.%' OR operation LIKE 'hold.%'
    OR operation LIKE 'recertification.%' OR operation LIKE 'emergency.%' OR operation LIKE 'export.%'
    OR operation = 'conversation.shred'
    OR (operation LIKE 'session.%' AND rule = 'security-role'))
ORDER BY moment, id
