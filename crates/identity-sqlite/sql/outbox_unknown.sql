UPDATE identity_outbox SET failed_at = ?1, error = 'its format ' || format || ' is not known to this program, and '
  || 'no newer program sent it before it expired; run a worker of the newer version'
WHERE sent_at IS NULL AND failed_at IS NULL AND format > ?2 AND expires_at < ?3 AND (lease IS NULL OR leased_until <= ?1)
