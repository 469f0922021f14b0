-- The message of an id (?1): one that was leased or ended, or else one that waits.
id = ?1 AND user = (
  SELECT user FROM identity_outbox WHERE id = ?1 AND (attempts > 0 OR sent_at IS NOT NULL OR failed_at IS NOT NULL)
  UNION ALL
  SELECT user FROM identity_outbox INDEXED BY identity_outbox_due
  WHERE sent_at IS NULL AND failed_at IS NULL AND id = ?1
  LIMIT 1
)
