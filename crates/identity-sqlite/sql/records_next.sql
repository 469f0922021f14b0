SELECT * FROM (SELECT tenant, id, true FROM identity_old_users WHERE (tenant, id) > (?1, ?2) ORDER BY tenant, id LIMIT 1)
UNION ALL
SELECT tenant, user_id, false FROM identity_old_events AS event WHERE NOT EXISTS (SELECT 1 FROM identity_old_users WHERE
  tenant = event.tenant AND id = event.user_id) LIMIT 1
