-- Reads by the hour of the day, by the clinic's clock.
-- parameters: from, to
SELECT local_hour,
  count_if(local_weekday <= 5) AS on_weekdays,
  count_if(local_weekday > 5) AS on_weekends
FROM touches
WHERE day >= ? AND day <= ? AND way = 'read' AND outcome = 'allowed'
GROUP BY local_hour
ORDER BY local_hour
