SELECT user_id, identifier, verified, checksum FROM identity_lookup WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND
  rule = ?4 LIMIT 100
