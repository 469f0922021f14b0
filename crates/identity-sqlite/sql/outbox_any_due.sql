SELECT EXISTS (SELECT 1 FROM identity_outbox WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= ?1 AND (lease
  IS NULL OR leased_until <= ?2) AND (?3 IS NULL OR channel = ?3) AND format <= ?4
  AND tenant NOT IN (SELECT value FROM json_each(?5)))
