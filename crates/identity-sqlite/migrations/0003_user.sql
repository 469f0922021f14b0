-- The records of a user (?1: the tenant, ?2: the id) from the rows of version 2, in the form that the library documents, but
-- for the checksums, and the claims that the user holds. Of a user who was erased only events are left, and the records are NULL.
WITH
  entry AS (
    SELECT i.*, iif(i.kind = 'email', u.primary_email, u.primary_phone) IS i.id AS is_primary
    FROM identity_old_identifiers AS i JOIN identity_old_users AS u ON u.tenant = i.tenant AND u.id = i.user_id
    WHERE i.tenant = ?1 AND i.user_id = ?2
  ),
  -- Three hexadecimal digits are two of base64; the last group of a nonce is one digit and twelve bits of zeros less eight.
  groups (id, at, bits) AS (
    SELECT entry.id, value, instr('0123456789ABCDEF', substr(hex(challenge_nonce) || '0', 3 * value + 1, 1)) * 256
      + instr('0123456789ABCDEF', substr(hex(challenge_nonce) || '0', 3 * value + 2, 1)) * 16
      + instr('0123456789ABCDEF', substr(hex(challenge_nonce) || '0', 3 * value + 3, 1)) - 273
    FROM entry, json_each('[0,1,2,3,4,5,6,7,8,9,10]') WHERE length(challenge_nonce) = 16
  ),
  letters (text) AS (SELECT 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
  nonce (id, text) AS (
    SELECT id, group_concat(substr(text, bits / 64 + 1, 1) || substr(text, bits % 64 + 1, 1), '' ORDER BY at)
    FROM groups, letters GROUP BY id
  )
SELECT coalesce(version, (SELECT max(number) FROM identity_old_events WHERE tenant = ?1 AND user_id = ?2)),
  iif(version IS NULL, NULL, json_object(
    'v', 1, 'c', created_at, 'u', updated_at, 'x', json(iif(disabled = 0, 'false', iif(disabled = 1, 'true', 'null'))),
    'n', json(coalesce((
          SELECT json_object('i', lower(hex(id)), 'a', address, 't', typed, 's', source, 'c', added_at)
          FROM entry WHERE kind = 'username'), 'null')),
    'i', json((SELECT json_group_array(json_object(
            'i', lower(hex(id)), 'k', iif(kind = 'email', 'e', iif(kind = 'phone', 'p', '?')), 'a', address, 't', typed,
            's', source, 'c', added_at, 'l', json(iif(unrestricted, 'true', 'false')),
            'p', iif(replaces IS NULL, NULL, lower(hex(replaces))), 'b', json(iif(is_primary, 'true', 'false')),
            'v', json(iif(verified_at IS NULL, 'null',
              json_object('a', verified_at, 'b', verified_by, 's', verified_source))),
            'q', json(iif(challenge_nonce IS NULL, 'null', json_object(
              'n', (SELECT text FROM nonce WHERE nonce.id = entry.id), 'k', challenge_key, 'u', challenge_purpose,
              'f', challenge_proof, 'l', challenge_length, 'y', challenge_alphabet, 'c', challenge_issued_at,
              'e', challenge_expires_at, 't', challenge_tries, 'w', challenge_failed, 'h', challenge_hint))),
            'f', failed_in_a_row, 'w', json(coalesce(failed_at, '[]')), 'm', json(coalesce(sent_at, '[]')),
            'd', json(iif(undeliverable IS NULL, 'null', json_object('a', undeliverable -> 'at',
              'w', undeliverable ->> 'why', 't', undeliverable -> 'times')))) ORDER BY kind, position)
          FROM entry WHERE kind <> 'username')),
    'r', json((SELECT json_group_array(json_object(
            'k', value ->> '$.key.kind', 'u', value ->> '$.key.rule', 'a', value ->> '$.key.key',
            'f', value ->> '$.attempts.failed_in_a_row', 'w', value -> '$.attempts.failed_at',
            'm', value -> '$.attempts.sent_at'))
          FROM json_each(coalesce(retired, '[]')))),
    'd', json('true'))),
  iif(version IS NULL, NULL, json_object(
    'v', 1, 'p', json(coalesce(claims, '{}')), 'o', json(coalesce(public_data, '{}')),
    'h', json(coalesce(private_data, '{}')), 'k', json(coalesce(credentials, '{}')), 's', json(coalesce(sign_ins, '{}')),
    'i', json((SELECT json_group_object(lower(hex(id)), json(sign_in)) FROM entry WHERE sign_in IS NOT NULL)))),
  -- Of one that was damaged somebody else may have taken an unverified one since.
  (SELECT nullif(json_group_array(json_array(kind, claim_rule, claim_key, strength) ORDER BY kind, claim_rule, claim_key), '[]')
   FROM identity_old_claims AS o WHERE tenant = ?1 AND user_id = ?2 AND NOT EXISTS (SELECT 1 FROM identity_claims AS c
     WHERE c.tenant = ?1 AND (c.kind, c.key, c.rule) = (o.kind, o.claim_key, o.claim_rule) AND c.user_id <> ?2))
FROM (SELECT 1) LEFT JOIN identity_old_users ON identity_old_users.tenant = ?1 AND identity_old_users.id = ?2
  LEFT JOIN identity_old_profiles ON identity_old_profiles.tenant = ?1 AND user_id = ?2
