-- What was opened, by record: each conversation that these people, or this sign-in, read in the window. People are their
-- ids joined by commas; a sign-in of '%' is every one.
-- parameters: from, before, people, session
SELECT conversation, person, count(*) AS was_read, min(moment) AS first_at, max(moment) AS last_at
FROM touches
WHERE outcome = 'allowed' AND way = 'read' AND moment >= ? AND moment < ?
  AND strpos(?, person) > 0 AND session LIKE ?
GROUP BY conversation, person
ORDER BY conversation, person
