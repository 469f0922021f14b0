SELECT max(event) FROM identity_events HAVING max(event) IS NOT NULL
