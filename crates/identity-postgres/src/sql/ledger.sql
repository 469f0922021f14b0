-- The refunds and charges of one commit that touches a budget more than once, one after the other. `w` is every window of the
-- commit as it stands, three cells each: when it began, when it ends, how much is drawn. `kept` is what it was before the
-- message whose charges are looked at: that message may be withheld, and has drawn nothing then.
st AS MATERIALIZED (SELECT q.*, dense_rank() OVER (ORDER BY q.kind, q.quota) AS b FROM q),
bw AS MATERIALIZED (SELECT st.n, st.b, st.kind, st.quota, w.began_at, w.ends_at, w.drawn
    FROM (SELECT DISTINCT st.n, st.b, st.kind, st.quota FROM st) st
    LEFT JOIN LATERAL (SELECT w.began_at, w.ends_at, w.drawn FROM {s}identity_budgets w
    WHERE w.tenant = $1 AND w.kind = st.kind AND w.quota = st.quota LIMIT 1) w ON true),
j AS (SELECT bw.n, 0::int8 AS s, 0::int8 AS m, 0::int8 AS i, NULL::text AS effect,
    array_agg(x.cell ORDER BY bw.b, x.place) AS w, array_agg(x.cell ORDER BY bw.b, x.place) AS kept, false AS held,
    true AS fits, false AS open, NULL::int8 AS began_at, NULL::int8 AS drawn
    FROM bw, LATERAL (VALUES (1, bw.began_at), (2, bw.ends_at), (3, bw.drawn)) x(place, cell) GROUP BY bw.n
    UNION ALL SELECT st.n, st.s, st.m, st.i, st.effect, CASE WHEN o.changes THEN ARRAY(SELECT CASE x.place - 3 * st.b
    WHEN -2 THEN CASE WHEN st.i = 0 OR o.open THEN f.began_at ELSE st.at END
    WHEN -1 THEN CASE WHEN st.i = 0 THEN f.ends_at ELSE
        LEAST(CASE WHEN o.open THEN f.began_at ELSE st.at END::numeric + st.length, 9223372036854775807)::int8 END
    WHEN 0 THEN CASE WHEN st.i = 0 THEN GREATEST(0, f.drawn - st.amount)
        WHEN o.open THEN f.drawn + LEAST(st.amount, 9223372036854775807 - GREATEST(f.drawn, 0)) ELSE st.amount END
    ELSE x.cell END FROM unnest(a.w) WITH ORDINALITY x(cell, place) ORDER BY x.place) ELSE a.w END,
    a.kept, a.held OR (st.effect = 'withhold' AND NOT o.fits), o.fits, o.open, f.began_at, f.drawn
    FROM j JOIN st ON st.n = j.n AND st.s = j.s + 1,
    LATERAL (SELECT st.m = j.m AND j.held AS held,
        CASE WHEN st.m <> j.m AND j.held THEN j.kept ELSE j.w END AS w,
        CASE WHEN st.m = j.m OR j.held THEN j.kept ELSE j.w END AS kept) a,
    LATERAL (SELECT a.w[3 * st.b::int - 2] AS began_at, a.w[3 * st.b::int - 1] AS ends_at, a.w[3 * st.b::int] AS drawn) f,
    LATERAL (SELECT (f.began_at > st.opened) IS TRUE AS open,
        CASE WHEN f.began_at > st.opened THEN f.drawn <= st.room ELSE st.room >= 0 END AS fits,
        (st.i > 0 AND st.amount > 0) OR (st.i = 0 AND f.began_at <= st.at AND f.ends_at > st.at) IS TRUE AS changes) o),
withheld AS MATERIALIZED (SELECT array_agg(x.held ORDER BY x.m) AS a FROM
    (SELECT j.m, bool_or(j.held) AS held FROM j WHERE j.m > 0 GROUP BY j.m) x),
b AS MATERIALIZED (SELECT x.* FROM (SELECT bw.n, bw.kind, bw.quota, l.w[3 * bw.b::int - 2] AS began_at,
    l.w[3 * bw.b::int - 1] AS ends_at, l.w[3 * bw.b::int] AS drawn
    FROM bw, (SELECT CASE WHEN j.held THEN j.kept ELSE j.w END AS w FROM j ORDER BY j.s DESC LIMIT 1) l) x
    WHERE x.began_at IS NOT NULL),
