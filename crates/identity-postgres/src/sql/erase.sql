-- Removes everything of the users whom the statement before erased, but the form of their events that names nobody: see
-- `Event::stripped`, and `stored::events` for the elements of an array; whole events are those of the form before. U+0000 in a text
-- that goes would keep the server from reading the rest.
WITH gone AS MATERIALIZED (SELECT array_agg(x.id) AS a FROM unnest($2::int8[], $3::text[]) AS x(n, id)
    WHERE x.n = ANY (string_to_array(current_setting('identity.written', true), ',')::int8[])),
claims AS (DELETE FROM {s}identity_claims r WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[])),
profiles AS (DELETE FROM {s}identity_profiles r WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[])),
outbox AS (DELETE FROM {s}identity_outbox r WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[])),
events AS (UPDATE {s}identity_events r SET record = (SELECT json_agg(CASE
    WHEN json_typeof(x.e) <> 'object' OR w.was IN ('erased', 'merged_into', 'stripped') THEN x.e
    WHEN x.e -> 'change' IS NULL THEN w.stripped
    ELSE json_build_object('v', x.e -> 'v', 'at', x.e -> 'at', 'actor', x.e -> 'actor', 'change', w.stripped) END
    ORDER BY x.place)
    FROM json_array_elements(replace(r.record::text, '\u0000', '\ufffd')::json) WITH ORDINALITY AS x(e, place),
    LATERAL (SELECT coalesce(x.e ->> 'e', x.e ->> 'type', x.e -> 'change' ->> 'type') AS was,
        coalesce(x.e ->> 'i', x.e ->> 'id', x.e -> 'change' ->> 'id') AS id) k,
    LATERAL (SELECT k.was, json_strip_nulls(json_build_object('type', 'stripped', 'was', k.was, 'id', k.id)) AS stripped) w)
    WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[]))
SELECT 1
