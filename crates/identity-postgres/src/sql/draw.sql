-- Refunds and charges without a commit: all, or none when a charge does not fit. q is that of commit.sql.
WITH RECURSIVE
q AS MATERIALIZED (SELECT * FROM unnest((SELECT $2::int8[]), $3::int8[], $4::int8[], $5::text[], $6::text[], $7::int8[],
    $8::int8[], $9::int8[], $10::int8[], $11::int8[], $12::text[]) WITH ORDINALITY
    AS q(n, m, i, kind, quota, amount, room, opened, at, length, effect, s)),
{ledger}
budgets AS (INSERT INTO {s}identity_budgets (tenant, kind, quota, began_at, ends_at, drawn)
    SELECT $1, b.kind, b.quota, b.began_at, b.ends_at, b.drawn FROM b
    WHERE NOT EXISTS (SELECT 1 FROM j WHERE j.i > 0 AND (NOT j.fits OR j.drawn < 0))
    ON CONFLICT (tenant, kind, quota) DO UPDATE SET began_at = excluded.began_at, ends_at = excluded.ends_at,
    drawn = excluded.drawn)
SELECT j.i, j.open AS before, j.began_at, j.drawn FROM j WHERE j.i > 0 AND (NOT j.fits OR j.drawn < 0) ORDER BY j.s LIMIT 1
