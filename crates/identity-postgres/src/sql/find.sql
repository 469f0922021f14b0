SELECT x.n, f.user_id, f.identifier, f.verified
FROM unnest($2::int8[], $3::text[], $4::text[], $5::int8[]) AS x(n, kind, key, rule)
CROSS JOIN LATERAL (SELECT l.user_id, l.identifier, l.verified FROM {s}identity_lookup l
    WHERE l.tenant = $1 AND l.kind = x.kind AND l.key = x.key AND l.rule = x.rule
    ORDER BY l.verified DESC, l.user_id, l.identifier LIMIT 100) f
ORDER BY x.n, f.verified DESC, f.user_id, f.identifier
