-- Removes what is done. What a report said was sent stays, and the next statement lets go of it.
DELETE FROM {s}identity_outbox o WHERE o.id = ANY ($2) AND o.lease = $1 AND o.sent_at IS NULL RETURNING 1
