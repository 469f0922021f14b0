-- Locks the claims and budgets of some commits by their keys, whether or not they have rows yet, and notes for the next
-- statement of the transaction which commits have all of theirs. What somebody else has locked is passed over.
SELECT set_config('identity.held', coalesce(string_agg(h.n::text, ','), ''), true)
FROM (SELECT k.n FROM unnest($1::int8[], $2::int8[]) AS k(n, key)
      GROUP BY k.n HAVING bool_and(pg_try_advisory_xact_lock(k.key))) h
