-- Writes a user ($1: the tenant, $2: the id) into the tables of records, with the keys by which the user is found.
WITH u AS (INSERT INTO {s}identity_users (tenant, id, version, created_at, updated_at, record) VALUES ($1, $2, $3, $4, $5, $6)),
p AS (INSERT INTO {s}identity_profiles (tenant, user_id, record) SELECT $1, $2, $7::text WHERE $7::text IS NOT NULL)
INSERT INTO {s}identity_lookup (tenant, user_id, kind, key, rule, identifier, verified)
SELECT $1, $2, l.* FROM unnest($8::text[], $9::text[], $10::int8[], $11::uuid[], $12::bool[]) AS l
