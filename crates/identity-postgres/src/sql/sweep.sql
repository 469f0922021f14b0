-- Removes at most $3 of the budget windows that ended before $1, and long ago ($2) by the clock of the server.
WITH gone AS (SELECT w.tenant, w.kind, w.quota FROM {s}identity_budgets w
    WHERE w.ends_at < LEAST($1, (extract(epoch FROM statement_timestamp()) * 1000000)::int8 - $2) LIMIT $3 FOR UPDATE SKIP LOCKED)
DELETE FROM {s}identity_budgets w USING gone g WHERE w.tenant = g.tenant AND w.kind = g.kind AND w.quota = g.quota
