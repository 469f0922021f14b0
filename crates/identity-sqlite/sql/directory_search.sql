  -- With this id (?6), or with a key of any kind from one (?7) to another (?8).
  AND u.id IN (
    SELECT ?6
    UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = 'email' AND key >= ?7 AND key < ?8
    UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = 'phone' AND key >= ?7 AND key < ?8
    UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = 'username' AND key >= ?7 AND key < ?8
  )
