-- Who was signed off, by whom and when, and whether they were disabled on the same day.
-- parameters: from, to
SELECT trail.moment, trail.object AS certified, trail.person AS signer,
  count(ended.id) AS disabled_that_day, trail.id
FROM trail
LEFT JOIN trail AS ended ON ended.object = trail.object AND ended.day = trail.day
  AND ended.operation = 'person.disable' AND ended.outcome = 'allowed'
WHERE trail.operation = 'recertification.sign-off' AND trail.outcome = 'allowed'
  AND trail.day >= ? AND trail.day <= ?
GROUP BY trail.moment, trail.object, trail.person, trail.id
ORDER BY trail.moment, trail.id
