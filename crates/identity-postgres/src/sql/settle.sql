UPDATE {s}identity_outbox o SET lease = NULL, leased_until = NULL,
    provider = CASE WHEN x.outcome = 'sent' OR (x.outcome = 'retry' AND o.sent_at IS NULL) THEN x.provider ELSE o.provider END,
    reference = CASE WHEN x.outcome = 'sent' THEN x.reference ELSE o.reference END,
    sent_at = CASE WHEN x.outcome = 'sent' THEN coalesce(o.sent_at, x.at) ELSE o.sent_at END,
    due_at = CASE WHEN x.outcome IN ('retry', 'release') AND o.sent_at IS NULL THEN x.at ELSE o.due_at END,
    attempts = CASE WHEN x.outcome = 'release' AND o.sent_at IS NULL THEN greatest(o.attempts - 1, 0) ELSE o.attempts END,
    failed_at = CASE WHEN x.outcome = 'failed' AND o.sent_at IS NULL THEN x.at ELSE o.failed_at END,
    error = CASE WHEN x.outcome IN ('retry', 'failed') AND o.sent_at IS NULL THEN x.error ELSE o.error END,
    uncertain = o.uncertain + CASE WHEN o.sent_at IS NULL THEN x.uncertain ELSE 0 END
FROM unnest($2::uuid[], $3::text[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::int8[])
    AS x(id, outcome, at, error, provider, reference, uncertain)
WHERE o.id = x.id AND o.lease = $1 RETURNING 1
