-- What belongs to a user, once there is a row of the user (?1), in the order in which it is moved.
INSERT INTO identity_outbox
SELECT ?1, id, tenant, identifier, channel, address, format,
  json_object(
    'id', lower(hex(id)), 'key', json_object('tenant', tenant, 'user', user_id),
    'to', json_object('channel', channel, 'address', address, 'typed', typed),
    'content', json(iif(json_valid(content), content, 'null')), 'locale', locale, 'created_at', created_at,
    'expires_at', expires_at),
  created_at, expires_at, due_at, attempts, uncertain, lease, leased_until, provider, reference, error, failed_at, sent_at,
  iif(report IS NULL, NULL, json_object('state', report, 'at', reported_at, 'detail', report_detail))
FROM identity_old_outbox WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1);
-- The events, 32 in a row, because version 2 does not know which of them were one commit. The rows count on.
INSERT INTO identity_events (event, user, earlier, first, last, events)
SELECT base + part, ?1, iif(part = 1, NULL, base + part - 1), 32 * part - 31, last, events
FROM (
  SELECT (SELECT coalesce(max(event), 0) FROM identity_events) AS base, (number + 31) / 32 AS part, max(number) AS last,
    json_group_array(json_object('v', format, 'at', at, 'actor', json(iif(actor IS NULL, '"holder"',
      json_object('administrator', actor))), 'change', json(iif(json_valid(change), change, 'null'))) ORDER BY number)
      AS events
  FROM identity_old_events WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1)
  GROUP BY part
);
UPDATE identity_users SET last_event = (SELECT coalesce(max(event), 0) FROM identity_events) WHERE user = ?1;
DELETE FROM identity_old_outbox WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1);
DELETE FROM identity_old_claims WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1);
DELETE FROM identity_old_identifiers WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1);
DELETE FROM identity_old_profiles WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1);
DELETE FROM identity_old_events WHERE (tenant, user_id) = (SELECT tenant, id FROM identity_users WHERE user = ?1);
DELETE FROM identity_old_users WHERE (tenant, id) = (SELECT tenant, id FROM identity_users WHERE user = ?1)
