-- Who ever was a member of a conversation: whose information may be in it.
-- parameters: before
SELECT DISTINCT conversation, person
FROM memberships
WHERE since IS NULL OR since < ?
ORDER BY conversation, person
