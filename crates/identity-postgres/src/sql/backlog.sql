SELECT count(*) AS pending, min(o.due_at) AS oldest_due FROM {s}identity_outbox o WHERE o.sent_at IS NULL AND o.failed_at IS NULL
