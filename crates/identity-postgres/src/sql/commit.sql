-- Commits of one tenant, numbered by n from 1. Nothing is written for a commit whose user is not at the expected version, or
-- is locked by somebody else, or whose claims and budgets are not held (hold.sql) or refuse it. The users' rows are written
-- first, and everything else only for those that were. The first array of each `unnest` stands in a select, so that the planner
-- does not count its elements: it finds a plan for these arrays no better than one for all, and plans no execution anew.
WITH RECURSIVE
c AS MATERIALIZED (SELECT * FROM unnest((SELECT $2::int8[]), $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[],
    $8::uuid[], $9::text[], $10::text[], $11::bool[])
    AS c(n, id, expected, version, created_at, updated_at, commit_id, record, events, keyed)),
t AS MATERIALIZED (SELECT * FROM unnest((SELECT $12::int8[]), $13::int8[], $14::text[], $15::text[], $16::text[], $17::int8[],
    $18::text[]) AS t(n, i, user_id, kind, key, rule, strength)),
-- Charges (i from 1) and refunds (i is 0). m is the message that a charge pays for, 0 for those of the commit itself; a window
-- is open when it began after `opened`, and has room while it holds no more than `room`.
q AS MATERIALIZED (SELECT * FROM unnest((SELECT $19::int8[]), $20::int8[], $21::int8[], $22::text[], $23::text[], $24::int8[],
    $25::int8[], $26::int8[], $27::int8[], $28::int8[], $29::text[]) WITH ORDINALITY
    AS q(n, m, i, kind, quota, amount, room, opened, at, length, effect, s)),
-- Rows are asked for one by one, by their keys, whatever the planner believes of the size of a table.
v AS MATERIALIZED (SELECT c.n, CASE WHEN c.expected IS NULL
    THEN (SELECT 1 FROM {s}identity_users u WHERE u.tenant = $1 AND u.id = c.id LIMIT 1) IS NULL
    ELSE (SELECT 1 FROM {s}identity_users u
          WHERE u.tenant = $1 AND u.id = c.id AND u.version = c.expected AND u.created_at IS NOT NULL LIMIT 1) IS NOT NULL
    END AS fits,
    (NOT c.keyed OR c.n = ANY ((SELECT string_to_array(current_setting('identity.held', true), ',')::int8[])::int8[]))
    IS TRUE AND (c.expected IS NULL OR (SELECT 1 FROM {s}identity_users u
          WHERE u.tenant = $1 AND u.id = c.id AND u.version = c.expected LIMIT 1 FOR UPDATE SKIP LOCKED) IS NOT NULL) AS free
    FROM c),
taken AS MATERIALIZED (SELECT t.n, min(t.i) AS i FROM t CROSS JOIN LATERAL (SELECT k.user_id, k.strength
    FROM {s}identity_claims k WHERE k.tenant = $1 AND k.kind = t.kind AND k.key = t.key AND k.rule = t.rule LIMIT 1) k
    WHERE k.user_id <> t.user_id AND NOT (k.strength = 'unverified' AND t.strength = 'verified'){handed} GROUP BY t.n),
{judge}
ok AS MATERIALIZED (SELECT array_agg(v.fits AND v.free AND v.n NOT IN (SELECT taken.n FROM taken)
    AND v.n NOT IN (SELECT j.n FROM j WHERE j.i > 0 AND ((j.effect = 'refuse' AND NOT j.fits) OR j.drawn < 0)) ORDER BY v.n) AS a
    FROM v),
users AS (INSERT INTO {s}identity_users AS u (tenant, id, version, created_at, updated_at, record)
    SELECT $1, c.id, c.version, c.created_at, c.updated_at, c.record FROM c WHERE ((SELECT a FROM ok))[c.n::int]{all} ORDER BY c.id
    ON CONFLICT (tenant, id) DO UPDATE SET version = excluded.version, created_at = excluded.created_at,
    updated_at = excluded.updated_at, record = excluded.record
    WHERE u.version = (SELECT c.expected FROM c WHERE c.id = excluded.id) RETURNING u.id),
done AS MATERIALIZED (SELECT array_agg(users.id IS NOT NULL ORDER BY c.n) AS a FROM c LEFT JOIN users ON users.id = c.id{whole}),
claims AS (INSERT INTO {s}identity_claims (tenant, kind, key, rule, user_id, strength)
    SELECT $1, t.kind, t.key, t.rule, t.user_id, t.strength FROM t WHERE ((SELECT a FROM done))[t.n::int]
    ORDER BY t.kind, t.key, t.rule
    ON CONFLICT (tenant, kind, key, rule) DO UPDATE SET user_id = excluded.user_id, strength = excluded.strength),
budgets AS (INSERT INTO {s}identity_budgets (tenant, kind, quota, began_at, ends_at, drawn)
    SELECT $1, b.kind, b.quota, b.began_at, b.ends_at, b.drawn FROM b WHERE ((SELECT a FROM done))[b.n::int]
    ORDER BY b.kind, b.quota
    ON CONFLICT (tenant, kind, quota) DO UPDATE SET began_at = excluded.began_at, ends_at = excluded.ends_at,
    drawn = excluded.drawn),
profiles AS (INSERT INTO {s}identity_profiles (tenant, user_id, record)
    SELECT $1, p.user_id, p.record FROM unnest((SELECT $30::int8[]), $31::text[], $32::text[]) AS p(n, user_id, record)
    WHERE ((SELECT a FROM done))[p.n::int]
    ON CONFLICT (tenant, user_id) DO UPDATE SET record = excluded.record),
lookup AS (INSERT INTO {s}identity_lookup (tenant, kind, key, rule, user_id, identifier, verified)
    SELECT $1, l.kind, l.key, l.rule, l.user_id, l.identifier, l.verified
    FROM unnest((SELECT $33::int8[]), $34::text[], $35::text[], $36::text[], $37::int8[], $38::uuid[], $39::bool[])
    AS l(n, user_id, kind, key, rule, identifier, verified) WHERE ((SELECT a FROM done))[l.n::int]
    ON CONFLICT (tenant, kind, key, rule, user_id, identifier) DO UPDATE SET verified = excluded.verified),
events AS (INSERT INTO {s}identity_events (tenant, user_id, number, updated_at, commit_id, record)
    SELECT $1, c.id, c.version, c.updated_at, c.commit_id, c.events::json FROM c
    WHERE ((SELECT a FROM done))[c.n::int]),
outbox AS (INSERT INTO {s}identity_outbox (tenant, user_id, id, format, channel, address, typed, content, locale, created_at,
    expires_at, due_at, attempts, identifier)
    SELECT $1, o.user_id, o.id, $52::int8, o.channel, o.address, o.typed, o.content, o.locale, o.created_at, o.expires_at,
    o.created_at, 0, o.identifier
    FROM unnest((SELECT $40::int8[]), $41::int8[], $42::text[], $43::uuid[], $44::text[], $45::text[], $46::text[], $47::text[],
    $48::text[], $49::int8[], $50::int8[], $51::uuid[])
    AS o(n, m, user_id, id, channel, address, typed, content, locale, created_at, expires_at, identifier)
    WHERE ((SELECT a FROM done))[o.n::int] AND ((SELECT a FROM withheld))[o.m::int] IS NOT TRUE)
-- One row for each commit: `well` says that the user was at the expected version, `before` that an earlier try wrote it.
SELECT 1 AS part, c.n, v.fits AS well, NOT v.fits AND (SELECT e.commit_id FROM {s}identity_events e
    WHERE e.tenant = $1 AND e.user_id = c.id AND e.number = c.version LIMIT 1) IS NOT DISTINCT FROM c.commit_id AS before,
    (SELECT taken.i FROM taken WHERE taken.n = c.n) AS i, NULL::int8 AS began_at, NULL::int8 AS drawn, v.free,
    ((SELECT a FROM ok))[c.n::int] AS passed, ((SELECT a FROM done))[c.n::int] AS done
FROM c JOIN v ON v.n = c.n
-- One row for each charge that did not fit: `before` says that its window was open.
UNION ALL SELECT 2, j.n, j.fits, j.open, j.i, j.began_at, j.drawn, NULL, NULL, NULL FROM j
    WHERE j.i > 0 AND (NOT j.fits OR j.drawn < 0)
-- The next statement of the transaction removes rows of what was written.
UNION ALL SELECT 3, 0, set_config('identity.written', coalesce((SELECT string_agg(c.n::text, ',') FROM c
    WHERE ((SELECT a FROM done))[c.n::int]), ''), true) IS NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
