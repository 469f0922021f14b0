UPDATE identity_outbox SET lease = ?3, leased_until = ?4, attempts = ?5, uncertain = ?6 WHERE user = ?1 AND id = ?2
