UPDATE identity_outbox SET lease = ?2, leased_until = ?3, attempts = ?4, uncertain = ?5 WHERE id = ?1
