-- Whose a sign-in is.
-- parameters: session
SELECT DISTINCT person FROM trail WHERE session = ? ORDER BY person
