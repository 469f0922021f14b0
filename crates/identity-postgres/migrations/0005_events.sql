-- Programs of earlier versions do not know the form that `identity_core::stored::events` gives to events: their statements ask
-- for a column that has another name now. Events that they wrote are still read.
ALTER TABLE {s}identity_meta ALTER COLUMN compatible_since SET DEFAULT 5;
ALTER TABLE {s}identity_events RENAME COLUMN events TO record;
-- It follows from the number of the last event.
ALTER TABLE {s}identity_events DROP COLUMN first;

-- For lists by the time of the last change, as the index before. Entries with the whole id were half as large again, and a
-- beginning of it is enough: only where users changed at the same microsecond and have ids that begin alike, their rows are sorted.
DROP INDEX {s}identity_events_updated;
CREATE INDEX identity_events_updated ON {s}identity_events (tenant, updated_at, left(user_id, 15)) WHERE updated_at IS NOT NULL;
