-- As hold.sql, for a commit that goes alone: it waits for what somebody else has locked, in the one order of all keys.
WITH k AS MATERIALIZED (SELECT * FROM unnest($1::int8[], $2::int8[]) AS k(n, key) ORDER BY k.key),
l AS MATERIALIZED (SELECT k.n, pg_advisory_xact_lock(k.key) AS got FROM k)
SELECT set_config('identity.held', coalesce(string_agg(DISTINCT l.n::text, ','), ''), true) FROM l
