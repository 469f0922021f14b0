INSERT INTO identity_claims (tenant, kind, key, rule, user_id, strength) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO UPDATE SET user_id = ?5, strength = ?6
