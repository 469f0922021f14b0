-- Notes a report if it says more than the one that is noted. Rows that are updated are read as they are by then.
WITH noted AS (UPDATE {s}identity_outbox o SET report = $2, reported_at = $3, report_detail = $4,
    sent_at = CASE WHEN (o.sent_at IS NULL AND o.failed_at IS NULL) OR (o.failed_at IS NOT NULL AND $5) THEN $3
        ELSE o.sent_at END,
    failed_at = CASE WHEN $5 THEN NULL ELSE o.failed_at END
    WHERE o.id = $1 AND (o.report IS NULL OR o.report = ANY ($6)) RETURNING {message})
SELECT * FROM noted
UNION ALL SELECT {message} FROM {s}identity_outbox o WHERE o.id = $1 AND NOT EXISTS (SELECT 1 FROM noted)
