-- The users whom k(n, id) names. A user without a row of its own may still have others: then something is damaged.
SELECT k.n, k.id, u.version, u.created_at IS NULL AND u.version IS NOT NULL AS erased, u.record, p.record AS details,
    (SELECT coalesce(json_agg(json_build_object('key', json_build_object('kind', c.kind, 'rule', c.rule, 'key', c.key),
        'strength', c.strength)), '[]') FROM {s}identity_claims c WHERE c.tenant = $1 AND c.user_id = k.id)::text AS claims
FROM k LEFT JOIN {s}identity_users u ON u.tenant = $1 AND u.id = k.id
LEFT JOIN {s}identity_profiles p ON p.tenant = $1 AND p.user_id = k.id
ORDER BY k.n
