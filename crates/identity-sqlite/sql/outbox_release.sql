UPDATE identity_outbox SET lease = NULL, leased_until = NULL WHERE id = ?2 AND lease = ?1 AND sent_at IS NOT NULL
