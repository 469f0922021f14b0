SELECT name, sql FROM sqlite_schema WHERE name GLOB 'identity_*' ORDER BY name
