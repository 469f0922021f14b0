SELECT tenant, id, created_at, updated_at FROM identity_users ORDER BY user
