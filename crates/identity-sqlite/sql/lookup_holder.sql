SELECT user_id, strength FROM identity_claims WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4
