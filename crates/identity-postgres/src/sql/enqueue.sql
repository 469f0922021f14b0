-- Enqueues a message that no commit brings. One that is there already stays as it is.
INSERT INTO {s}identity_outbox (tenant, user_id, id, format, channel, address, typed, content, locale, created_at, expires_at,
    due_at, attempts, identifier)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, 0, $12) ON CONFLICT (tenant, user_id, id) DO NOTHING
