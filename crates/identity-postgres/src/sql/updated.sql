SELECT e.updated_at AS at, left(e.user_id, 7) AS beginning, e.user_id AS id
    FROM {s}identity_events e CROSS JOIN LATERAL (SELECT 1 FROM {s}identity_users u
        WHERE u.tenant = $1 AND u.id = e.user_id AND u.version = e.number AND u.created_at IS NOT NULL LIMIT 1) u
    WHERE e.tenant = $1 AND e.updated_at IS NOT NULL AND (e.updated_at, e.user_id) {than} ($3, $4)
    AND (e.updated_at, left(e.user_id, 7)) {than}= ($3, left($4, 7))
