-- Which record touched which conversation, and how: one row for each pair.
-- columns: id varchar, moment varchar, day varchar, epoch_second bigint, local_hour bigint, local_weekday bigint, person varchar, session varchar, source_ip varchar, operation varchar, purpose varchar, rule varchar, outcome varchar, code varchar, conversation varchar, way varchar
SELECT
  id, moment, day, epoch_second, local_hour, local_weekday, person, session, source_ip,
  operation, purpose, rule, outcome, code, conversation,
  CASE
    WHEN operation IN ('conversation.read', 'conversation.catch-up', 'sync', 'attachment.download', 'export.download',
      'amendment.read', 'amendment.list')
      THEN 'read'
    WHEN operation IN ('message.send', 'attachment.upload') THEN 'wrote'
    WHEN operation = 'conversation.list' THEN 'listed'
    WHEN operation = 'conversation.mark-read' THEN 'noted'
    ELSE 'changed'
  END AS way
FROM (
  SELECT trail.*, object AS conversation
  FROM trail
  WHERE operation IN ('message.send', 'member.add', 'member.remove', 'attachment.upload', 'emergency.open')
    OR (operation LIKE 'conversation.%' AND operation <> 'conversation.list')
  UNION ALL
  SELECT trail.*, opened_one.conversation
  FROM trail CROSS JOIN UNNEST(opened) AS opened_one (conversation)
  WHERE object <> opened_one.conversation
) AS pairs
