    AND u.id IN (SELECT $4 COLLATE "C" UNION SELECT l.user_id FROM {s}identity_lookup l
        WHERE l.tenant = $1 AND l.kind IN ('email', 'phone', 'username') AND l.key >= $5 AND l.key < $6)
