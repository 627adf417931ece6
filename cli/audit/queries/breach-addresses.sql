-- From where these people, or this sign-in, came in the window, and what they did from there. People are their ids joined by
-- commas; a sign-in of '%' is every one.
-- parameters: from, before, people, session
SELECT source_ip, person, count(*) AS records, count(DISTINCT session) AS sign_ins, min(moment) AS first_at, max(moment) AS last_at
FROM trail
WHERE moment >= ? AND moment < ? AND strpos(?, person) > 0 AND session LIKE ?
GROUP BY source_ip, person
ORDER BY source_ip, person
