SELECT (SELECT value FROM identity_meta WHERE name = 'schema'),
  (SELECT value FROM identity_meta WHERE name = 'compatible_since')
