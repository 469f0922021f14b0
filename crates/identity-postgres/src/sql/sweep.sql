-- Looks at some budget windows behind a place and removes those that ended long ago.
WITH seen AS (SELECT w.tenant, w.kind, w.quota, w.ends_at FROM {s}identity_budgets w
    WHERE (w.tenant, w.kind, w.quota) > ($1, $2, $3) ORDER BY w.tenant, w.kind, w.quota LIMIT $4 FOR UPDATE SKIP LOCKED),
gone AS (DELETE FROM {s}identity_budgets w USING seen s WHERE s.ends_at < $5 AND w.tenant = s.tenant AND w.kind = s.kind
    AND w.quota = s.quota AND w.ends_at < $5)
SELECT s.tenant, s.kind, s.quota, count(*) OVER () AS count FROM seen s
ORDER BY s.tenant DESC, s.kind DESC, s.quota DESC LIMIT 1
