-- Each sign-in of one person: from where, from when until when, with how many records.
-- parameters: from, to, person
SELECT min(moment) AS began, max(moment) AS ended, max(epoch_second) - min(epoch_second) AS seconds,
  count(*) AS records, min(source_ip) AS source_ip, person, session
FROM trail
WHERE session <> '-' AND day >= ? AND day <= ? AND person LIKE ?
GROUP BY person, session
ORDER BY began, session
