-- How long each person was signed in: from the first record of a sign-in to its last.
-- People are their ids joined by commas, or '%' for everybody.
-- parameters: from, to, people, people
SELECT person,
  count(*) AS sign_ins,
  sum(seconds) AS seconds,
  max(seconds) AS longest_seconds,
  min(began) AS first_at,
  max(ended) AS last_at
FROM (
  SELECT person, session, min(moment) AS began, max(moment) AS ended, max(epoch_second) - min(epoch_second) AS seconds
  FROM trail
  WHERE session <> '-' AND day >= ? AND day <= ? AND (? = '%' OR strpos(?, person) > 0)
  GROUP BY person, session
) AS sign_ins
GROUP BY person
ORDER BY seconds DESC, person
