WITH k AS (SELECT row_number() OVER (ORDER BY {by} {way}, u.id {ids}) AS n, u.id
    FROM {s}identity_users u {report} WHERE u.tenant = $1 AND u.created_at IS NOT NULL {among}
    ORDER BY {by} {way}, u.id {ids} LIMIT $2 OFFSET $3)
(SELECT 0 AS n, NULL AS id, (SELECT count(*) FROM {s}identity_users u
    WHERE u.tenant = $1 AND u.created_at IS NOT NULL {among}) AS version, false AS erased, NULL AS record, NULL AS details,
    NULL AS claims)
UNION ALL
({users})
ORDER BY n
