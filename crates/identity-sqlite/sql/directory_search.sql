  -- With this id (?2), or with a key of any kind from one (?3) to another (?4).
  AND u.id IN (
    SELECT ?2
    UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = 'email' AND key >= ?3 AND key < ?4
    UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = 'phone' AND key >= ?3 AND key < ?4
    UNION SELECT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = 'username' AND key >= ?3 AND key < ?4
  )
