    AND {id} IN (SELECT l.user_id FROM {s}identity_lookup l
        WHERE l.tenant = $1 AND l.kind = $5 AND l.key >= $6 AND l.key < $7)
