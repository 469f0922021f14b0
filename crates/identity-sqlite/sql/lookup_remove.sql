DELETE FROM identity_lookup WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4 AND verified = ?5 AND user_id =
  ?6 AND identifier = ?7
