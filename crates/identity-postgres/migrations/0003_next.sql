-- Some users who have not been moved yet; when there are no more, some of whom only events are left, because they were erased.
(SELECT o.tenant, o.id FROM {s}identity_old_users o ORDER BY o.tenant, o.id LIMIT 250)
UNION ALL
(SELECT e.tenant, e.user_id FROM {s}identity_old_events e WHERE NOT EXISTS (SELECT 1 FROM {s}identity_old_users)
    GROUP BY e.tenant, e.user_id ORDER BY e.tenant, e.user_id LIMIT 250)
