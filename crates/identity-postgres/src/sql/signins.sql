    LEFT JOIN {s}identity_profiles p ON p.tenant = $1 AND p.user_id = u.id
