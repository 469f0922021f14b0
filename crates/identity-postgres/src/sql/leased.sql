-- What a lease that is asked for again holds.
SELECT {message} FROM {s}identity_outbox o
WHERE o.sent_at IS NULL AND o.failed_at IS NULL AND o.lease = $2 AND o.leased_until > {now}
