-- What the step before moved is gone. Views for reports of the host, over the records: a report reads every record of a
-- tenant. To find users by address, join identity_lookup.
DROP TABLE {s}identity_old_users, {s}identity_old_profiles, {s}identity_old_identifiers, {s}identity_old_events;

CREATE VIEW {s}identity_identifiers AS
SELECT u.tenant, u.id AS user_id, (e ->> 'i')::uuid AS identifier, CASE e ->> 'k' WHEN 'e' THEN 'email' ELSE 'phone' END AS kind,
       e ->> 'a' AS address, coalesce(e ->> 't', e ->> 'a') AS typed, coalesce((e ->> 'b')::boolean, false) AS is_primary,
       (e -> 'v' ->> 'a')::bigint AS verified_at, e -> 'v' ->> 'b' AS verified_by, (e ->> 'c')::bigint AS added_at
FROM {s}identity_users u, jsonb_array_elements(replace(u.record, '\u0000', '\ufffd')::jsonb -> 'i') e
UNION ALL
SELECT u.tenant, u.id, (n ->> 'i')::uuid, 'username', n ->> 'a', coalesce(n ->> 't', n ->> 'a'), false, NULL, NULL,
       (n ->> 'c')::bigint
FROM {s}identity_users u, LATERAL (SELECT replace(u.record, '\u0000', '\ufffd')::jsonb -> 'n' AS n) r WHERE n IS NOT NULL;

CREATE VIEW {s}identity_primary AS
SELECT u.tenant, u.id AS user_id,
       (SELECT e ->> 'a' FROM jsonb_array_elements(r -> 'i') e WHERE (e ->> 'b')::boolean AND e ->> 'k' = 'e') AS primary_email,
       (SELECT e ->> 'a' FROM jsonb_array_elements(r -> 'i') e WHERE (e ->> 'b')::boolean AND e ->> 'k' = 'p') AS primary_phone
FROM {s}identity_users u, LATERAL (SELECT replace(u.record, '\u0000', '\ufffd')::jsonb AS r) x WHERE u.record IS NOT NULL;
