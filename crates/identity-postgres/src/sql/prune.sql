WITH old AS (SELECT o.tenant, o.user_id, o.id FROM {s}identity_outbox o
    WHERE (o.sent_at IS NOT NULL OR o.failed_at IS NOT NULL) AND coalesce(o.sent_at, o.failed_at) < $1
    ORDER BY coalesce(o.sent_at, o.failed_at) LIMIT $2 FOR UPDATE SKIP LOCKED)
DELETE FROM {s}identity_outbox o USING old WHERE o.tenant = old.tenant AND o.user_id = old.user_id AND o.id = old.id RETURNING 1
