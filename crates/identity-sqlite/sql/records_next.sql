SELECT tenant, id FROM identity_old_users WHERE (tenant, id) > (?1, ?2) ORDER BY tenant, id LIMIT 1
