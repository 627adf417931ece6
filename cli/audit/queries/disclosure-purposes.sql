-- For what a patient's information was used or disclosed, and whether an accounting leaves that out.
-- parameters: from, to, patient, patient
SELECT touches.purpose, purposes.left_out_by,
  count(DISTINCT touches.id) AS records,
  count(DISTINCT touches.person) AS people,
  min(touches.moment) AS first_at,
  max(touches.moment) AS last_at
FROM touches
LEFT JOIN purposes ON purposes.purpose = touches.purpose
WHERE touches.day >= ? AND touches.day <= ? AND touches.outcome = 'allowed' AND touches.way = 'read'
  AND (? = '%' OR touches.conversation IN (SELECT conversation FROM memberships WHERE memberships.person = ?))
GROUP BY touches.purpose, purposes.left_out_by
ORDER BY purposes.left_out_by DESC, touches.purpose
