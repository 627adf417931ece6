-- Who was a member of which conversation at any moment before one, and after another: whose information may be in it.
-- parameters: before, since
SELECT DISTINCT conversation, person
FROM memberships
WHERE (since IS NULL OR since < ?) AND (until IS NULL OR until > ?)
ORDER BY conversation, person
