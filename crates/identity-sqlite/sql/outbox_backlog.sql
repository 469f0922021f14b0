SELECT count(*), min(due_at) FROM identity_outbox WHERE sent_at IS NULL AND failed_at IS NULL
