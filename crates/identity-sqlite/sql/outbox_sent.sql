UPDATE identity_outbox SET lease = NULL, leased_until = NULL, provider = ?4, reference = ?5, sent_at =
  coalesce(sent_at, ?3) WHERE id = ?2 AND lease = ?1
