-- Messages that are free and due (?1: the worker's time, ?2: how many, ?3: the store's time, ?4: the channel, ?5: the format,
-- ?6: the tenants to leave out),
-- but for those that another message of the same user and channel has to go before.
sent_at IS NULL AND failed_at IS NULL AND due_at <= ?1 AND (lease IS NULL OR leased_until <= ?3)
  AND (?4 IS NULL OR channel = ?4) AND format <= ?5 AND next.tenant NOT IN (SELECT value FROM json_each(?6))
  AND NOT EXISTS (
    SELECT 1 FROM identity_outbox AS earlier
    WHERE earlier.user = next.user AND +earlier.id <> next.id AND +earlier.sent_at IS NULL AND +earlier.failed_at IS NULL
      AND earlier.channel = next.channel AND (earlier.created_at, +earlier.id) < (next.created_at, next.id)
      AND ((earlier.lease IS NOT NULL AND earlier.leased_until > ?3)
        OR earlier.address = next.address
        OR (+earlier.due_at <= ?1 AND NOT EXISTS (
          SELECT 1 FROM identity_outbox AS first
          WHERE first.user = next.user AND +first.sent_at IS NULL AND +first.failed_at IS NULL
            AND (first.created_at, +first.id) < (earlier.created_at, earlier.id)
            AND first.channel = earlier.channel AND first.address = earlier.address))))
ORDER BY due_at, id LIMIT ?2
