SELECT tenant, user_id FROM identity_old_events AS event WHERE NOT EXISTS (SELECT 1 FROM identity_old_users WHERE
  tenant = event.tenant AND id = event.user_id) LIMIT 1
