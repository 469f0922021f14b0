-- What a lease (?1) holds at a time of the store's (?2).
sent_at IS NULL AND failed_at IS NULL AND lease = ?1 AND leased_until > ?2 ORDER BY due_at, id
