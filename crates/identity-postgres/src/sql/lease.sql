-- Free and due, but for those that another message of the same user and channel has to go before: one that is held, one to the
-- same address, or one that is due and the first to its own address. Who else leases at the same moment passes over these rows.
WITH due AS (SELECT d.tenant, d.user_id, d.id FROM {s}identity_outbox d
    WHERE d.sent_at IS NULL AND d.failed_at IS NULL AND d.due_at <= $2
    AND (d.lease IS NULL OR d.leased_until <= {now}) AND ($6::text IS NULL OR d.channel = $6) AND d.format <= $7
    AND d.tenant <> ALL ($8::text[])
    AND NOT EXISTS (SELECT 1 FROM {s}identity_outbox earlier
        WHERE earlier.tenant = d.tenant AND earlier.user_id = d.user_id AND earlier.id <> d.id
        AND earlier.sent_at IS NULL AND earlier.failed_at IS NULL AND earlier.channel = d.channel
        AND (earlier.created_at, earlier.id) < (d.created_at, d.id)
        AND ((earlier.lease IS NOT NULL AND earlier.leased_until > {now})
            OR earlier.address = d.address
            OR (earlier.due_at <= $2 AND NOT EXISTS (SELECT 1 FROM {s}identity_outbox head
                WHERE head.tenant = d.tenant AND head.user_id = d.user_id AND head.sent_at IS NULL AND head.failed_at IS NULL
                AND (head.created_at, head.id) < (earlier.created_at, earlier.id)
                AND head.channel = earlier.channel AND head.address = earlier.address))))
    ORDER BY d.due_at, d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED)
UPDATE {s}identity_outbox o SET lease = $4, leased_until = CASE WHEN $5 > 0 THEN {now} + $5 ELSE 0 END,
    attempts = LEAST(o.attempts + 1, 4294967295), uncertain = o.uncertain + CASE WHEN o.lease IS NULL THEN 0 ELSE 1 END
FROM due WHERE o.tenant = due.tenant AND o.user_id = due.user_id AND o.id = due.id
RETURNING {message}
