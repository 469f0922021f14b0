-- Commits with positions above $1, up to $2, and no further than the feed is settled (feed_settled.sql).
SELECT e.position, e.tenant, e.user_id, e.number, e.record::text AS record FROM {s}identity_events e
WHERE e.position >> 6 >= $1 >> 6 AND e.position >> 6 <= least($2, current_setting('identity.settled')::int8) >> 6
    AND e.position > $1 AND e.position <= least($2, current_setting('identity.settled')::int8)
ORDER BY e.position LIMIT $3
