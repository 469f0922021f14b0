UPDATE identity_outbox SET sent_at = ?3, failed_at = ?4, report = ?5 WHERE user = ?1 AND id = ?2
