-- Who was a member of which conversation, from when until when. `since` is null where somebody was a member before the
-- trail began, `until` where nobody removed them: a guest's own end stands in no record, so it is a bound.
-- columns: conversation varchar, person varchar, since varchar, until varchar
WITH events AS (
  SELECT object AS conversation, person, moment, 1 AS is_member
  FROM trail
  WHERE operation = 'conversation.create' AND outcome = 'allowed'
  UNION ALL
  SELECT object, concerned.person, moment, CASE operation WHEN 'member.remove' THEN 0 ELSE 1 END
  FROM trail CROSS JOIN UNNEST(people) AS concerned (person)
  WHERE operation IN ('conversation.create', 'member.add', 'member.remove') AND outcome = 'allowed'
),
in_order AS (
  SELECT conversation, person, moment, is_member,
    lag(is_member) OVER (PARTITION BY conversation, person ORDER BY moment, is_member DESC) AS before
  FROM events
),
changes AS (
  SELECT conversation, person, moment, is_member, before,
    lead(moment) OVER (PARTITION BY conversation, person ORDER BY moment, is_member DESC) AS next_at
  FROM in_order
  WHERE before IS NULL OR before <> is_member
)
SELECT conversation, person, CASE is_member WHEN 1 THEN moment END AS since,
  CASE is_member WHEN 1 THEN next_at ELSE moment END AS until
FROM changes
WHERE is_member = 1 OR before IS NULL
