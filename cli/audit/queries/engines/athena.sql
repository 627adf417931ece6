-- The audit records of the sealed bucket as rows; {{zone}} is put in at synth.
-- A record's day is its own, not that of the batch it lies in, and one that was sealed twice counts once.
-- columns: id varchar, moment varchar, day varchar, epoch_second bigint, local_hour bigint, local_weekday bigint, person varchar, session varchar, source_ip varchar, operation varchar, object varchar, opened array(varchar), people array(varchar), purpose varchar, rule varchar, outcome varchar, code varchar, change varchar, record varchar
SELECT DISTINCT
  id,
  "at" AS moment,
  substr("at", 1, 10) AS day,
  CAST(floor(to_unixtime(from_iso8601_timestamp("at"))) AS bigint) AS epoch_second,
  hour(at_timezone(from_iso8601_timestamp("at"), {{zone}})) AS local_hour,
  day_of_week(at_timezone(from_iso8601_timestamp("at"), {{zone}})) AS local_weekday,
  person,
  session,
  sourceip AS source_ip,
  operation,
  object,
  coalesce(opened, CAST(ARRAY[] AS array(varchar))) AS opened,
  coalesce(people, CAST(ARRAY[] AS array(varchar))) AS people,
  purpose,
  rule,
  outcome,
  code,
  change,
  record
FROM records
