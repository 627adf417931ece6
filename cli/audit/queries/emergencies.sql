-- Every access that was opened for an emergency: by whom, to what, what was read, and the review of it. A decision and the entry
-- of the same opening count once. A review names an emergency by an id of its own: where one person opened the same
-- conversation more than once, the first review is that of the first opening.
-- parameters: from, to
WITH openings AS (
  SELECT id, day, moment, epoch_second, person, session, object AS conversation, source_ip,
    lag(epoch_second) OVER (PARTITION BY person, session, object ORDER BY moment, id) AS before_second
  FROM trail
  WHERE operation = 'emergency.open' AND outcome = 'allowed'
),
numbered AS (
  SELECT id, day, moment, epoch_second, person, session, conversation, source_ip,
    row_number() OVER (PARTITION BY person, conversation ORDER BY moment, id) AS place
  FROM openings
  WHERE before_second IS NULL OR epoch_second - before_second > 60
),
reads AS (
  SELECT numbered.id, count(*) AS was_read, max(touches.moment) AS last_read_at
  FROM numbered
  JOIN touches ON touches.person = numbered.person AND touches.conversation = numbered.conversation
    AND touches.session = numbered.session AND touches.purpose = 'emergency' AND touches.way = 'read'
    AND touches.outcome = 'allowed' AND touches.moment >= numbered.moment
  GROUP BY numbered.id
),
first_reviews AS (
  SELECT object AS emergency, concerned.person, opened_one.conversation, min(trail.moment) AS reviewed_at,
    min(trail.epoch_second) AS reviewed_second, min_by(trail.person, trail.moment) AS reviewer
  FROM trail
  CROSS JOIN UNNEST(people) AS concerned (person)
  CROSS JOIN UNNEST(opened) AS opened_one (conversation)
  WHERE trail.operation = 'emergency.review' AND trail.outcome = 'allowed'
  GROUP BY object, concerned.person, opened_one.conversation
),
reviews AS (
  SELECT person, conversation, reviewed_at, reviewed_second, reviewer,
    row_number() OVER (PARTITION BY person, conversation ORDER BY reviewed_at, emergency) AS place
  FROM first_reviews
)
SELECT numbered.moment, numbered.person, numbered.conversation, numbered.source_ip,
  coalesce(reads.was_read, 0) AS was_read, reads.last_read_at,
  reviews.reviewed_at, reviews.reviewer, reviews.reviewed_second - numbered.epoch_second AS seconds_to_review,
  numbered.id
FROM numbered
LEFT JOIN reads ON reads.id = numbered.id
LEFT JOIN reviews ON reviews.person = numbered.person AND reviews.conversation = numbered.conversation
  AND reviews.place = numbered.place AND reviews.reviewed_second >= numbered.epoch_second
WHERE numbered.day >= ? AND numbered.day <= ?
ORDER BY numbered.moment, numbered.id
