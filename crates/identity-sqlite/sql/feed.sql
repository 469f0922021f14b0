-- Commits in their order, behind row ?1. One of a user who is not there is damaged, and must not be left out.
SELECT e.event, e.first, e.last, CAST(e.events AS BLOB), u.tenant, u.id
FROM identity_events AS e LEFT JOIN identity_users AS u ON u.user = e.user
WHERE e.event > ?1 ORDER BY e.event LIMIT ?2
