-- Records that somebody changed or took away in the table itself, past the application: each is a finding.
-- parameters: from, to
SELECT moment, change, record, person, id
FROM trail
WHERE day >= ? AND day <= ? AND change IS NOT NULL
ORDER BY moment, id
