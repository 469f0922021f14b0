-- Draws ?6 if there is room for it (at most ?7 are drawn): in the window that is open at ?4 if it lasts ?5, or in a new one.
-- Sums saturate.
INSERT INTO identity_budgets (tenant, quota, kind, began_at, ends_at, drawn)
VALUES (?1, ?2, ?3, ?4, min(?4, 9223372036854775807 - ?5) + ?5, ?6) ON CONFLICT DO UPDATE SET
  drawn = iif(?4 < min(began_at, 9223372036854775807 - ?5) + ?5, min(drawn, 9223372036854775807 - ?6) + ?6, ?6),
  began_at = iif(?4 < min(began_at, 9223372036854775807 - ?5) + ?5, began_at, ?4),
  ends_at = min(iif(?4 < min(began_at, 9223372036854775807 - ?5) + ?5, began_at, ?4), 9223372036854775807 - ?5) + ?5
WHERE drawn >= 0 AND (drawn <= ?7 OR ?4 >= min(began_at, 9223372036854775807 - ?5) + ?5)
