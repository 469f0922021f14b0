SELECT count(*) FROM (SELECT 1 FROM identity_lookup WHERE tenant = ?1 AND kind = ?2 AND key >= ?3 AND key < ?4 LIMIT
  ?5)
