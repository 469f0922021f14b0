-- The same of those who have a key of a kind (?4) from one (?5) to another (?6).
SELECT u.id
FROM (SELECT DISTINCT user_id FROM identity_lookup WHERE tenant = ?1 AND kind = ?4 AND key >= ?5 AND key < ?6) AS f
CROSS JOIN identity_users AS u ON u.tenant = ?1 AND u.id = f.user_id
WHERE u.created_at IS NOT NULL AND (u.{by}_at, u.id) {than} (?2, ?3)
ORDER BY u.{by}_at {way}, u.id {way}
