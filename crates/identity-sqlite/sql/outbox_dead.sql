-- The dead letters of a tenant (?1) behind one of them (?2), of formats up to ?3.
failed_at IS NOT NULL AND tenant = ?1 AND id > coalesce(?2, x'') AND format <= ?3 ORDER BY id LIMIT ?4
