SELECT event, last FROM identity_events INDEXED BY identity_events_marks WHERE user = ?1 AND last >= ?2 AND last / 64
  > (first - 1) / 64 ORDER BY last LIMIT 1
