DELETE FROM identity_users WHERE tenant = ?1 AND id = ?2 AND record = 'damaged'
