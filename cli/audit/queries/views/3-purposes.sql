-- Purposes of use that an accounting of disclosures leaves out, and what lets it. A purpose that is not here is accounted for.
-- columns: purpose varchar, left_out_by varchar
SELECT purpose, left_out_by
FROM (
  VALUES
    ('treatment', '164.528(a)(1)(i): treatment'),
    ('payment', '164.528(a)(1)(i): payment'),
    ('operations', '164.528(a)(1)(i): health care operations'),
    ('emergency', '164.528(a)(1)(i): treatment in an emergency, by the workforce'),
    ('individual', '164.528(a)(1)(ii): to the individual about them'),
    ('authorization', '164.528(a)(1)(iv): pursuant to an authorization'),
    ('national-security', '164.528(a)(1)(vi): national security'),
    ('custody', '164.528(a)(1)(vii): correctional institutions and custody'),
    ('limited-data-set', '164.528(a)(1)(viii): a limited data set')
) AS known (purpose, left_out_by)
