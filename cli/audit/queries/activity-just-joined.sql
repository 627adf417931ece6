-- Who joined conversations, read them within the hour, wrote nothing there, and was gone within a day.
-- parameters: from, to
SELECT person,
  count(*) AS conversations,
  min(since) AS first_at,
  max(since) AS last_at
FROM (
  SELECT memberships.person, memberships.conversation, memberships.since,
    count_if(touches.way = 'read' AND touches.epoch_second <= joined.epoch_second + 3600) AS read_at_once,
    count_if(touches.way = 'wrote') AS was_written
  FROM memberships
  JOIN trail AS joined ON joined.moment = memberships.since AND joined.object = memberships.conversation
    AND joined.operation = 'member.add' AND contains(joined.people, memberships.person)
  JOIN trail AS gone ON gone.moment = memberships.until AND gone.object = memberships.conversation
    AND gone.operation = 'member.remove' AND contains(gone.people, memberships.person)
  JOIN touches ON touches.conversation = memberships.conversation AND touches.person = memberships.person
    AND touches.outcome = 'allowed' AND touches.moment >= memberships.since AND touches.moment <= memberships.until
  WHERE joined.day >= ? AND joined.day <= ? AND gone.epoch_second <= joined.epoch_second + 86400
  GROUP BY memberships.person, memberships.conversation, memberships.since
) AS stays
WHERE read_at_once > 0 AND was_written = 0
GROUP BY person
ORDER BY conversations DESC, person
