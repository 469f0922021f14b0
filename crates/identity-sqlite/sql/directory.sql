-- A row with the number of users of a tenant (?1), and then the ids on a page (?2: how many, ?3: behind how many others).
SELECT 'total', count(*) FROM identity_users AS u WHERE u.tenant = ?1 AND u.created_at IS NOT NULL {among}
UNION ALL
SELECT * FROM (
  SELECT u.id, 0 FROM identity_users AS u LEFT JOIN identity_profiles AS p ON p.user = u.user
  WHERE u.tenant = ?1 AND u.created_at IS NOT NULL {among}
  ORDER BY {by} {way}, u.id {way} LIMIT ?2 OFFSET ?3
)
