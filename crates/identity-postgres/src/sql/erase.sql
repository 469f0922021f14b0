-- Removes everything of the users whom the statement before erased, but the form of their events that names nobody: see
-- `Event::stripped`. U+0000 in a text that goes would keep the server from reading the rest.
WITH gone AS MATERIALIZED (SELECT array_agg(x.id) AS a FROM unnest($2::int8[], $3::text[]) AS x(n, id)
    WHERE x.n = ANY (string_to_array(current_setting('identity.written', true), ',')::int8[])),
claims AS (DELETE FROM {s}identity_claims r WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[])),
profiles AS (DELETE FROM {s}identity_profiles r WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[])),
outbox AS (DELETE FROM {s}identity_outbox r WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[])),
events AS (UPDATE {s}identity_events r SET events = (SELECT json_agg(CASE
    WHEN x.e -> 'change' ->> 'type' IN ('erased', 'stripped') THEN x.e
    ELSE json_build_object('v', x.e -> 'v', 'at', x.e -> 'at', 'actor', x.e -> 'actor', 'change', json_strip_nulls(
        json_build_object('type', 'stripped', 'was', x.e -> 'change' ->> 'type', 'id', x.e -> 'change' ->> 'id'))) END
    ORDER BY x.place)
    FROM json_array_elements(replace(r.events::text, '\u0000', '\ufffd')::json) WITH ORDINALITY AS x(e, place))
    WHERE r.tenant = $1 AND r.user_id = ANY ((SELECT a FROM gone)::text[]))
SELECT 1
