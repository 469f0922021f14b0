-- Takes a claim (?1 to ?4) that passes to this user (?5) from what its holder is noted to hold.
UPDATE identity_users SET claims = (
  SELECT nullif(json_group_array(json(value) ORDER BY key), '[]') FROM json_each(claims)
  WHERE (value ->> 0, value ->> 2, value ->> 1) <> (?2, ?3, ?4)
)
WHERE tenant = ?1 AND json_valid(claims) AND id = (
  SELECT user_id FROM identity_claims WHERE tenant = ?1 AND kind = ?2 AND key = ?3 AND rule = ?4 AND user_id <> ?5
)
