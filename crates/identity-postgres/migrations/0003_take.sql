-- Takes the rows of a user ($1: the tenant, $2: the id) out of the tables of the first version, and appends the events. The answer
-- are the events and the records in the form that the library documents, version 1, but for the checksums. Of a user who was erased
-- only events are left, and the records are NULL.
WITH
u AS (DELETE FROM {s}identity_old_users o WHERE o.tenant = $1 AND o.id = $2 RETURNING o.*),
p AS (DELETE FROM {s}identity_old_profiles o WHERE o.tenant = $1 AND o.user_id = $2 RETURNING o.*),
i AS (DELETE FROM {s}identity_old_identifiers o WHERE o.tenant = $1 AND o.user_id = $2
    RETURNING o.*, replace(o.id::text, '-', '') AS hex),
e AS (DELETE FROM {s}identity_old_events o WHERE o.tenant = $1 AND o.user_id = $2
    RETURNING o.number, o.commit_id, json_build_object('v', o.format, 'at', o.at, 'actor', CASE WHEN o.actor IS NULL
        THEN '"holder"' ELSE json_build_object('administrator', o.actor) END, 'change', o.change::json) AS event),
-- Events of one commit have its id and follow each other. One without an id was a commit of its own.
commits AS (SELECT max(x.number) AS number, min(x.number) AS first, x.commit_id, json_agg(x.event ORDER BY x.number) AS events
    FROM (SELECT e.*, CASE WHEN e.commit_id IS NULL THEN e.number
        ELSE e.number - row_number() OVER (PARTITION BY e.commit_id ORDER BY e.number) END AS part FROM e) x
    GROUP BY x.commit_id, x.part),
-- Only the newest says when the user last changed.
events AS (INSERT INTO {s}identity_events (tenant, user_id, number, first, updated_at, commit_id, events)
    SELECT $1, $2, c.number, c.first, (SELECT u.updated_at FROM u WHERE c.number = (SELECT max(e.number) FROM e)),
        coalesce(c.commit_id, '00000000-0000-0000-0000-000000000000'), c.events FROM commits c),
addresses AS (SELECT coalesce(json_agg(json_build_object(
        'i', i.hex, 'k', CASE i.kind WHEN 'email' THEN 'e' WHEN 'phone' THEN 'p' ELSE '?' END, 'a', i.address, 't', i.typed,
        's', i.source, 'c', i.added_at, 'l', i.unrestricted, 'p', replace(i.replaces::text, '-', ''),
        'b', coalesce(i.id = CASE i.kind WHEN 'email' THEN u.primary_email ELSE u.primary_phone END, false),
        'v', CASE WHEN i.verified_at IS NOT NULL
            THEN json_build_object('a', i.verified_at, 'b', i.verified_by, 's', i.verified_source) END,
        'q', CASE WHEN i.verified_at IS NULL AND i.challenge_nonce IS NOT NULL THEN json_build_object(
            'n', translate(rtrim(encode(i.challenge_nonce, 'base64'), '='), '+/', '-_'), 'k', i.challenge_key,
            'u', i.challenge_purpose, 'f', i.challenge_proof, 'l', i.challenge_length, 'y', i.challenge_alphabet,
            'c', i.challenge_issued_at, 'e', i.challenge_expires_at, 't', i.challenge_tries, 'w', i.challenge_failed,
            'h', i.challenge_hint) END,
        'f', i.failed_in_a_row, 'w', coalesce(i.failed_at, '[]')::json, 'm', coalesce(i.sent_at, '[]')::json,
        'd', CASE WHEN i.undeliverable IS NOT NULL THEN json_build_object('a', i.undeliverable::json -> 'at',
            'w', i.undeliverable::json -> 'why', 't', i.undeliverable::json -> 'times') END) ORDER BY i.position), '[]') AS list
    FROM u, i WHERE i.kind <> 'username'),
retired AS (SELECT json_agg(json_build_object('k', r.of -> 'key' -> 'kind', 'u', r.of -> 'key' -> 'rule',
        'a', r.of -> 'key' -> 'key', 'f', r.of -> 'attempts' -> 'failed_in_a_row', 'w', r.of -> 'attempts' -> 'failed_at',
        'm', r.of -> 'attempts' -> 'sent_at')) AS list
    FROM u, json_array_elements(u.retired::json) r(of))
SELECT coalesce(u.version, (SELECT max(e.number) FROM e), 0) AS version,
    (SELECT json_agg(e.event ORDER BY e.number) FROM e)::text AS events,
    CASE WHEN u.version IS NOT NULL THEN json_build_object('v', 1, 'c', u.created_at, 'u', u.updated_at, 'x', u.disabled,
        'n', (SELECT json_build_object('i', i.hex, 'a', i.address, 't', i.typed, 's', i.source, 'c', i.added_at)
            FROM i WHERE i.kind = 'username'),
        'i', (SELECT a.list FROM addresses a), 'r', coalesce((SELECT r.list FROM retired r), '[]'), 'd', true)::text END AS record,
    CASE WHEN u.version IS NOT NULL THEN json_build_object('v', 1, 'p', coalesce(p.claims, '{}')::json,
        'o', coalesce(p.public_data, '{}')::json, 'h', coalesce(p.private_data, '{}')::json,
        'k', coalesce(p.credentials, '{}')::json, 's', coalesce(p.sign_ins, '{}')::json,
        'i', coalesce((SELECT json_object_agg(i.hex, i.sign_in::json) FROM i WHERE i.sign_in IS NOT NULL), '{}'))::text
    END AS details
FROM (SELECT 1) one LEFT JOIN u ON true LEFT JOIN p ON true
