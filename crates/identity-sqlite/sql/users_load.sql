SELECT u.version, u.record, p.record, u.claims FROM identity_users AS u LEFT JOIN identity_profiles AS p ON p.user =
  u.user WHERE u.tenant = ?1 AND u.id = ?2
