-- Each quarter's recertification: when it was opened, how many were signed off, by how many people.
-- parameters: from, to
SELECT concat(substr(day, 1, 4), '-Q', CAST(CAST(ceil(CAST(substr(day, 6, 2) AS bigint) / 3.0) AS bigint) AS varchar)) AS quarter,
  min(CASE operation WHEN 'recertification.open' THEN moment END) AS opened_at,
  count(DISTINCT CASE operation WHEN 'recertification.sign-off' THEN object END) AS signed_off,
  count(DISTINCT CASE operation WHEN 'recertification.sign-off' THEN person END) AS signers,
  max(CASE operation WHEN 'recertification.sign-off' THEN moment END) AS last_at
FROM trail
WHERE operation IN ('recertification.open', 'recertification.sign-off') AND outcome = 'allowed'
  AND day >= ? AND day <= ?
GROUP BY concat(substr(day, 1, 4), '-Q', CAST(CAST(ceil(CAST(substr(day, 6, 2) AS bigint) / 3.0) AS bigint) AS varchar))
ORDER BY quarter
