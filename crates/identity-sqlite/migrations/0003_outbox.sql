-- The messages of a user (?1: the tenant, ?2: the id, ?3: the new row of the user).
INSERT INTO identity_outbox
SELECT id, tenant, ?3, identifier, channel, address, format,
  json_object(
    'id', lower(hex(id)), 'key', json_object('tenant', tenant, 'user', user_id),
    'to', json_object('channel', channel, 'address', address, 'typed', typed),
    'content', json(iif(json_valid(content), content, 'null')), 'locale', locale, 'created_at', created_at,
    'expires_at', expires_at),
  created_at, expires_at, due_at, attempts, uncertain, lease, leased_until, provider, reference, error, failed_at, sent_at,
  iif(report IS NULL, NULL, json_object('state', report, 'at', reported_at, 'detail', report_detail))
FROM identity_old_outbox WHERE tenant = ?1 AND user_id = ?2
