-- Who read outside the hours that the clinic works, by its own clock; weekends count as outside.
-- parameters: from, to, opens, closes
SELECT person,
  count(*) AS was_read,
  count(DISTINCT conversation) AS conversations,
  count(DISTINCT day) AS days,
  count_if(local_hour < 5) AS before_five,
  min(moment) AS first_at,
  max(moment) AS last_at
FROM touches
WHERE day >= ? AND day <= ? AND way = 'read' AND outcome = 'allowed'
  AND (local_hour < CAST(? AS bigint) OR local_hour >= CAST(? AS bigint) OR local_weekday > 5)
GROUP BY person
ORDER BY before_five DESC, was_read DESC, person
