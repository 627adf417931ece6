-- Every access that was opened for an emergency: by whom, to what, what was read, and the first review of it.
-- parameters: from, to
WITH opened_now AS (
  SELECT id, moment, epoch_second, person, session, object AS conversation, source_ip
  FROM trail
  WHERE operation = 'emergency.open' AND outcome = 'allowed' AND day >= ? AND day <= ?
),
reads AS (
  SELECT opened_now.id, count(*) AS was_read, max(touches.moment) AS last_read_at
  FROM opened_now
  JOIN touches ON touches.person = opened_now.person AND touches.conversation = opened_now.conversation
    AND touches.session = opened_now.session AND touches.purpose = 'emergency' AND touches.way = 'read'
    AND touches.outcome = 'allowed' AND touches.moment >= opened_now.moment
  GROUP BY opened_now.id
),
reviews AS (
  SELECT opened_now.id, min(trail.moment) AS reviewed_at, min(trail.epoch_second) AS reviewed_second,
    min_by(trail.person, trail.moment) AS reviewer
  FROM opened_now
  JOIN trail ON trail.operation = 'emergency.review' AND trail.outcome = 'allowed'
    AND trail.epoch_second >= opened_now.epoch_second
    AND (trail.object = opened_now.id
      OR (contains(trail.opened, opened_now.conversation) AND contains(trail.people, opened_now.person)))
  GROUP BY opened_now.id
)
SELECT opened_now.moment, opened_now.person, opened_now.conversation, opened_now.source_ip,
  coalesce(reads.was_read, 0) AS was_read, reads.last_read_at,
  reviews.reviewed_at, reviews.reviewer, reviews.reviewed_second - opened_now.epoch_second AS seconds_to_review,
  opened_now.id
FROM opened_now
LEFT JOIN reads ON reads.id = opened_now.id
LEFT JOIN reviews ON reviews.id = opened_now.id
ORDER BY opened_now.moment, opened_now.id
