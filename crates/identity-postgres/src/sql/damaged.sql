-- Makes a message that cannot be read a dead letter, and releases the others of its lease.
UPDATE {s}identity_outbox SET lease = NULL, leased_until = NULL,
    attempts = attempts - CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN 0 ELSE 1 END,
    failed_at = CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN $5 END,
    error = CASE WHEN tenant = $2 AND user_id = $3 AND id = $4 THEN 'the stored message is damaged' ELSE error END
WHERE lease = $1 AND id = ANY ($6)
