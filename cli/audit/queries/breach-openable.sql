-- What could have been opened, at most: each conversation that one of these people was a member of at any moment of the window.
-- parameters: before, from, people
SELECT DISTINCT conversation, person
FROM memberships
WHERE (since IS NULL OR since < ?) AND (until IS NULL OR until > ?) AND strpos(?, person) > 0
ORDER BY conversation, person
