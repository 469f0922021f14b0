j AS MATERIALIZED (SELECT q.*, w.began_at, w.ends_at, w.drawn, (w.began_at > q.opened) IS TRUE AS open,
    CASE WHEN w.began_at > q.opened THEN w.drawn <= q.room ELSE q.room >= 0 END AS fits
    FROM q LEFT JOIN LATERAL (SELECT w.began_at, w.ends_at, w.drawn FROM {s}identity_budgets w
    WHERE w.tenant = $1 AND w.kind = q.kind AND w.quota = q.quota LIMIT 1) w ON true),
withheld AS MATERIALIZED (SELECT array_agg(x.held ORDER BY x.m) AS a FROM
    (SELECT j.m, bool_or(j.effect = 'withhold' AND NOT j.fits) AS held FROM j WHERE j.m > 0 GROUP BY j.m) x),
b AS MATERIALIZED (SELECT j.n, j.kind, j.quota,
    CASE WHEN j.i = 0 OR j.open THEN j.began_at ELSE j.at END AS began_at,
    CASE WHEN j.i = 0 THEN j.ends_at ELSE LEAST(CASE WHEN j.open THEN j.began_at ELSE j.at END::numeric + j.length,
        9223372036854775807)::int8 END AS ends_at,
    CASE WHEN j.i = 0 THEN GREATEST(0, j.drawn - j.amount)
        WHEN j.open THEN j.drawn + LEAST(j.amount, 9223372036854775807 - GREATEST(j.drawn, 0)) ELSE j.amount END AS drawn
    FROM j WHERE CASE WHEN j.i = 0 THEN j.began_at <= j.at AND j.ends_at > j.at
        ELSE j.amount > 0 AND ((SELECT a FROM withheld))[j.m::int] IS NOT TRUE END),
