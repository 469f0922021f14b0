INSERT INTO identity_claims SELECT tenant, kind, claim_key, claim_rule, user_id, strength FROM identity_old_claims
  WHERE tenant = ?1 AND user_id = ?2 ON CONFLICT DO NOTHING
