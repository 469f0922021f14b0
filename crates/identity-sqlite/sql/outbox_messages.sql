-- Messages with all that is noted of them. A message in a later format is not read. What follows is the condition.
SELECT user, id, lease, leased_until, iif(format = 1, message, NULL), address, due_at, attempts, uncertain, provider,
  reference, sent_at, failed_at, error, report
FROM identity_outbox AS next
WHERE
