-- The users of a tenant (?1) behind a position (?2, ?3), in the order of an index.
SELECT u.id FROM identity_users AS u INDEXED BY identity_users_{by}
WHERE u.tenant = ?1 AND u.created_at IS NOT NULL AND (u.{by}_at, u.id) {than} (?2, ?3)
ORDER BY u.{by}_at {way}, u.id {way}
