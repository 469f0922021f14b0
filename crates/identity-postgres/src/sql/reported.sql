    LEFT JOIN {s}identity_profiles p ON p.tenant = $1 AND p.user_id = u.id
    CROSS JOIN LATERAL (SELECT replace(p.record, '\u0000', '\ufffd')::json AS of) d
    CROSS JOIN LATERAL (SELECT (CASE d.of ->> 'v' WHEN '1'
        THEN json_build_object('credentials', d.of -> 'k', 'sign_ins', d.of -> 's') ELSE d.of -> 'e' END){path} AS found) e
    CROSS JOIN LATERAL (SELECT substring(e.found::text FROM '^-?[0-9]{1,19}$')::numeric AS number) n
    CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN n.number BETWEEN -9223372036854775808 AND 9223372036854775807
        THEN n.number END, {missing}) AS value) r
