SELECT u.created_at AS at, u.id AS beginning, u.id FROM {s}identity_users u
    WHERE u.tenant = $1 AND u.created_at IS NOT NULL AND (u.created_at, u.id) {than} ($3, $4)
