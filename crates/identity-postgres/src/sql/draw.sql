-- Draws, if the budget covers it: from the window that is open, or from a new one. Sums saturate.
INSERT INTO {s}identity_budgets AS w (tenant, kind, quota, began_at, ends_at, drawn) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, kind, quota) DO UPDATE SET
    began_at = CASE WHEN w.began_at > $7 THEN w.began_at ELSE $4 END,
    ends_at = CASE WHEN w.began_at > $7 THEN LEAST(w.began_at, 9223372036854775807 - $8) + $8 ELSE $5 END,
    drawn = CASE WHEN w.began_at > $7 THEN LEAST(w.drawn, 9223372036854775807 - $6) + $6 ELSE $6 END
WHERE w.began_at <= $7 OR w.drawn <= $9 RETURNING 1
