-- Rows with events of a user (?1: its row, ?2: the row of its last commit, ?3: the number of its last event), from one row to
-- the one before, back to the one with the event that follows number ?4. They begin at the first commit whose number 64 divides
-- from number ?5 on, for which there is an index, or else at the last commit. A row that is not what the row after it says ends
-- them.
WITH RECURSIVE
  mark AS (
    SELECT event, last FROM identity_events INDEXED BY identity_events_marks
    WHERE user = ?1 AND last >= ?5 AND last / 64 > (first - 1) / 64 ORDER BY last LIMIT 1
  ),
  chain AS (
    SELECT event, earlier, first, last, events FROM identity_events
    WHERE event = coalesce((SELECT event FROM mark), ?2) AND last = coalesce((SELECT last FROM mark), ?3)
      AND user = ?1 AND first <= last
    UNION ALL
    SELECT e.event, e.earlier, e.first, e.last, e.events FROM chain JOIN identity_events AS e ON e.event = chain.earlier
    WHERE chain.first > ?4 + 1 AND e.user = ?1 AND e.last = chain.first - 1 AND e.first <= e.last
  )
SELECT event, earlier, first, last, CAST(events AS BLOB) FROM chain
