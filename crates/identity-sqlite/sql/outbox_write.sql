-- The lease of a message, and what became of it.
UPDATE identity_outbox SET lease = ?3, leased_until = ?4, due_at = ?5, attempts = ?6, uncertain = ?7, provider = ?8,
  reference = ?9, sent_at = ?10, failed_at = ?11, error = ?12, report = ?13
WHERE user = ?1 AND id = ?2
