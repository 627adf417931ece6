-- Each hold: when it was placed, who asked for its release, and who was the second.
-- parameters: to
SELECT object AS hold,
  min(CASE operation WHEN 'hold.place' THEN moment END) AS placed_at,
  min(CASE operation WHEN 'hold.place' THEN person END) AS placed_by,
  min(CASE operation WHEN 'hold.release' THEN moment END) AS release_asked_at,
  CASE WHEN count(DISTINCT CASE operation WHEN 'hold.release' THEN person END) > 1
    THEN max(CASE operation WHEN 'hold.release' THEN moment END) END AS released_at,
  count(DISTINCT CASE operation WHEN 'hold.release' THEN person END) AS people_for_release
FROM trail
WHERE operation IN ('hold.place', 'hold.release') AND outcome = 'allowed' AND day <= ?
GROUP BY object
ORDER BY placed_at, hold
