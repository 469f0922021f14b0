SELECT {message} FROM {s}identity_outbox o
WHERE o.failed_at IS NOT NULL AND o.tenant = $1 AND ($2::uuid IS NULL OR o.id > $2) AND o.format <= $4 ORDER BY o.id LIMIT $3
