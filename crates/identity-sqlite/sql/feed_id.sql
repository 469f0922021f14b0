-- Makes the number by which the feed of the store is known, unless it is there.
INSERT INTO identity_meta (name, value) VALUES ('feed', random()) ON CONFLICT DO UPDATE SET value = value RETURNING value
