-- Changes of retention, holds placed and released, destructions asked for and carried out, allowed or refused.
-- parameters: from, to
SELECT moment, operation, object, person, outcome, code, id
FROM trail
WHERE day >= ? AND day <= ?
  AND operation IN ('retention.change', 'hold.place', 'hold.release', 'conversation.shred')
ORDER BY moment, id
