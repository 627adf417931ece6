-- How long each person was signed in: from the first record of a sign-in to its last.
-- parameters: from, to, person
SELECT person,
  count(*) AS sign_ins,
  sum(seconds) AS seconds,
  max(seconds) AS longest_seconds,
  min(began) AS first_at,
  max(ended) AS last_at
FROM (
  SELECT person, session, min(moment) AS began, max(moment) AS ended, max(epoch_second) - min(epoch_second) AS seconds
  FROM trail
  WHERE session <> '-' AND day >= ? AND day <= ? AND person LIKE ?
  GROUP BY person, session
) AS sign_ins
GROUP BY person
ORDER BY seconds DESC, person
