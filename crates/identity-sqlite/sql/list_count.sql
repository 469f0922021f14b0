SELECT count(*) FROM (
  SELECT 1 FROM identity_lookup WHERE tenant = ?2 AND kind = ?3 AND key >= ?4 AND key < ?5 LIMIT ?1
)
