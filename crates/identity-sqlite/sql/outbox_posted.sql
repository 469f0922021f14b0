-- The messages of a user (?1: the tenant, ?2: the id) behind one of them (?3), of formats up to ?4.
user = (SELECT user FROM identity_users WHERE tenant = ?1 AND id = ?2) AND id > coalesce(?3, x'') AND format <= ?4
ORDER BY id LIMIT ?5
