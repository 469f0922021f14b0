-- The whole number to which names (?4: a JSON array) lead in what the host reports, or else ?5. What is reported is in the second
-- record, whose form the library documents, so sorting by it reads every user's.
coalesce((
  WITH RECURSIVE step (depth, type, value) AS (
    SELECT 0, 'object', iif(p.record ->> 'v' = 1,
      json_object('credentials', p.record -> 'k', 'sign_ins', p.record -> 's'), p.record -> 'e')
    UNION ALL
    SELECT step.depth + 1, member.type, member.value
    FROM step JOIN json_each(iif(step.type = 'object', step.value, '{}')) AS member ON member.key = ?4 ->> step.depth
  )
  SELECT value FROM step WHERE depth = json_array_length(?4) AND type = 'integer' AND typeof(value) = 'integer'
), ?5)
