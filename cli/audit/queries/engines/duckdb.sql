-- The audit records of an export as rows; {{files}} and {{zone}} are put in by whoever opens it.
-- A record's day is its own, not that of the batch it lies in.
-- columns: id varchar, moment varchar, day varchar, epoch_second bigint, local_hour bigint, local_weekday bigint, person varchar, session varchar, source_ip varchar, operation varchar, object varchar, opened array(varchar), people array(varchar), purpose varchar, rule varchar, outcome varchar, code varchar, change varchar, record varchar
SELECT
  id,
  "at" AS moment,
  substr("at", 1, 10) AS day,
  CAST(floor(epoch(CAST("at" AS timestamptz))) AS bigint) AS epoch_second,
  CAST(hour(timezone({{zone}}, CAST("at" AS timestamptz))) AS bigint) AS local_hour,
  CAST(isodow(timezone({{zone}}, CAST("at" AS timestamptz))) AS bigint) AS local_weekday,
  person,
  session,
  sourceIp AS source_ip,
  operation,
  object,
  coalesce(opened, []) AS opened,
  coalesce(people, []) AS people,
  purpose,
  rule,
  outcome,
  code,
  change,
  record
FROM read_json({{files}}, format = 'newline_delimited', hive_partitioning = false,
  columns = {
    id: 'varchar', "at": 'varchar', person: 'varchar', session: 'varchar', sourceIp: 'varchar',
    operation: 'varchar', object: 'varchar', opened: 'varchar[]', people: 'varchar[]',
    purpose: 'varchar', rule: 'varchar', outcome: 'varchar', code: 'varchar', change: 'varchar', record: 'varchar'})
