-- Removes what the commits that the statement before wrote remove.
WITH done AS MATERIALIZED (SELECT string_to_array(current_setting('identity.written', true), ',')::int8[] AS a),
lookup AS (DELETE FROM {s}identity_lookup r
    USING unnest($2::int8[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::uuid[])
    AS x(n, user_id, kind, key, rule, identifier)
    WHERE x.n = ANY ((SELECT a FROM done)::int8[]) AND r.tenant = $1 AND r.kind = x.kind AND r.key = x.key AND r.rule = x.rule
    AND r.user_id = x.user_id AND r.identifier = x.identifier),
claims AS (DELETE FROM {s}identity_claims r USING unnest($8::int8[], $9::text[], $10::text[], $11::text[], $12::int8[])
    AS x(n, user_id, kind, key, rule)
    WHERE x.n = ANY ((SELECT a FROM done)::int8[]) AND r.tenant = $1 AND r.kind = x.kind AND r.key = x.key AND r.rule = x.rule
    AND r.user_id = x.user_id),
profiles AS (DELETE FROM {s}identity_profiles r USING unnest($13::int8[], $14::text[]) AS x(n, user_id)
    WHERE x.n = ANY ((SELECT a FROM done)::int8[]) AND r.tenant = $1 AND r.user_id = x.user_id),
-- Messages that the commits enqueued stay.
outbox AS (DELETE FROM {s}identity_outbox r USING unnest($15::int8[], $16::text[], $17::uuid[]) AS x(n, user_id, identifier)
    WHERE x.n = ANY ((SELECT a FROM done)::int8[]) AND r.tenant = $1 AND r.user_id = x.user_id AND r.identifier = x.identifier
    AND r.sent_at IS NULL AND r.failed_at IS NULL AND r.lease IS NULL AND r.id <> ALL ($18::uuid[]))
SELECT 1
