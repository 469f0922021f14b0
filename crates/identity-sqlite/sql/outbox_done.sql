DELETE FROM identity_outbox WHERE id = ?2 AND (attempts > 0 OR sent_at IS NOT NULL OR failed_at IS NOT NULL)
  AND lease = ?1 AND sent_at IS NULL
