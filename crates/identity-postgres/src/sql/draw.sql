-- Draws, if the budget covers it: from the window that is open, or from a new one. What is given back to this budget ($10, at the
-- times $11) is back before that, if it fits; if not, nothing is. Sums saturate.
INSERT INTO {s}identity_budgets AS w (tenant, kind, quota, began_at, ends_at, drawn) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, kind, quota) DO UPDATE SET
    began_at = CASE WHEN w.began_at > $7 THEN w.began_at ELSE $4 END,
    ends_at = CASE WHEN w.began_at > $7 THEN LEAST(w.began_at, 9223372036854775807 - $8) + $8 ELSE $5 END,
    drawn = CASE WHEN w.began_at > $7 THEN LEAST(GREATEST(0, w.drawn - (SELECT coalesce(sum(r.amount), 0)
        FROM unnest($10::int8[], $11::int8[]) AS r(amount, at) WHERE w.began_at <= r.at AND w.ends_at > r.at)), 9223372036854775807 - $6) + $6 ELSE $6 END
WHERE w.began_at <= $7 OR GREATEST(0, w.drawn - (SELECT coalesce(sum(r.amount), 0)
        FROM unnest($10::int8[], $11::int8[]) AS r(amount, at) WHERE w.began_at <= r.at AND w.ends_at > r.at)) <= $9 RETURNING 1
