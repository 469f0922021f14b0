FROM identity_users AS u LEFT JOIN identity_profiles AS p ON p.user = u.user
WHERE u.tenant = ?1 AND u.created_at IS NOT NULL
