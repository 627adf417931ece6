-- What was disclosed of a patient for a purpose that an accounting must tell (45 CFR 164.528).
-- parameters: from, to, patient, patient, patient
SELECT trail.moment, trail.person, trail.operation, trail.object, trail.purpose, trail.rule, trail.id
FROM trail
LEFT JOIN purposes ON purposes.purpose = trail.purpose
WHERE trail.day >= ? AND trail.day <= ? AND trail.outcome = 'allowed' AND purposes.left_out_by IS NULL
  AND (? = '%' OR contains(trail.people, ?) OR trail.id IN (
    SELECT touches.id FROM touches
    JOIN memberships ON memberships.conversation = touches.conversation
    WHERE touches.way = 'read' AND memberships.person = ?))
ORDER BY trail.moment, trail.id
