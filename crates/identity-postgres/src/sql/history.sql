SELECT e.number, e.record::text AS record FROM {s}identity_events e
WHERE e.tenant = $1 AND e.user_id = $2 AND e.number > $3 ORDER BY e.number LIMIT $4
