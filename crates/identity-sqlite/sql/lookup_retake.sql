-- A claim that this user (?5) holds, or that passes to it.
UPDATE identity_claims SET user_id = ?5, strength = ?6
WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4
  AND (user_id = ?5 OR (strength = 'unverified' AND ?6 = 'verified'))
