-- What nobody who knows its format has sent becomes a dead letter.
UPDATE {s}identity_outbox SET failed_at = {now}, error = 'its format ' || format || ' is not known to this program, and no newer '
    || 'program sent it before it expired; run a worker of the newer version'
WHERE sent_at IS NULL AND failed_at IS NULL AND format > $2 AND expires_at < {now} - $3
    AND (lease IS NULL OR leased_until <= {now})
