INSERT INTO identity_meta (name, value) VALUES ('schema', ?1), ('compatible_since', ?2)
ON CONFLICT DO UPDATE SET value = excluded.value
