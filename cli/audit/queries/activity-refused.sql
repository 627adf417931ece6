-- What was refused, to whom, and the most of it within one hour.
-- parameters: from, to
SELECT person, operation, code, sum(tries) AS refused, max(tries) AS most_in_an_hour, count(*) AS hours,
  min(first_at) AS first_at, max(last_at) AS last_at
FROM (
  SELECT person, operation, code, CAST(floor(epoch_second / 3600.0) AS bigint) AS one_hour,
    count(*) AS tries, min(moment) AS first_at, max(moment) AS last_at
  FROM trail
  WHERE day >= ? AND day <= ? AND outcome = 'refused'
  GROUP BY person, operation, code, CAST(floor(epoch_second / 3600.0) AS bigint)
) AS by_hour
GROUP BY person, operation, code
ORDER BY most_in_an_hour DESC, refused DESC, person, operation, code
