SELECT {message} FROM {s}identity_outbox o
WHERE o.tenant = $1 AND o.user_id = $2 AND ($3::uuid IS NULL OR o.id > $3) AND o.format <= $5 ORDER BY o.id LIMIT $4
