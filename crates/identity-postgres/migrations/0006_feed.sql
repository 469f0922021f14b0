-- The feed of all events: each commit has a position. Positions are drawn in one order and become visible in another, because
-- transactions end as they like. So a transaction first locks the last position that was drawn, which is less than any that it
-- will draw itself, and keeps that lock until it ends. A reader goes no further than the least position that is locked; see
-- feed_settled.sql. The lock is shared: nobody waits for it. Programs of version 5 that still run do all of this as well, because
-- it is the default of the column.
CREATE SEQUENCE {s}identity_positions;
-- From the beginning the last position is one that was drawn.
SELECT setval('{s}identity_positions', 1);
-- Whoever may add events draws positions.
GRANT USAGE, SELECT ON SEQUENCE {s}identity_positions TO PUBLIC;

-- The setting says that this transaction has the lock. A savepoint that is rolled back takes both with it.
CREATE FUNCTION {s}identity_position(positions REGCLASS) RETURNS BIGINT LANGUAGE plpgsql AS $identity$
BEGIN
    IF current_setting('identity.position', true) IS DISTINCT FROM txid_current()::text THEN
        PERFORM pg_advisory_xact_lock_shared(
            positions::oid::int8::bit(32)::int4, pg_sequence_last_value(positions)::bit(32)::int4);
        PERFORM set_config('identity.position', txid_current()::text, true);
    END IF;
    RETURN nextval(positions);
END
$identity$;

-- The commits that there are get positions in the order in which they lie on the disk, and that is first made an order in which
-- those of a user follow each other. A scan must begin where the table does.
SET LOCAL synchronize_seqscans = off;
CLUSTER {s}identity_events USING identity_events_pkey;
ALTER TABLE {s}identity_events SET WITHOUT CLUSTER;
ALTER TABLE {s}identity_events ADD COLUMN position BIGINT NOT NULL DEFAULT {s}identity_position('{s}identity_positions');

-- For the feed. One entry for 64 positions, with the places of their rows: a third of the size of an entry for each.
CREATE INDEX identity_events_position ON {s}identity_events ((position >> 6));

-- For lists by the time of the last change, as the index before, with less of the ids: its entries are a fifth smaller.
DROP INDEX {s}identity_events_updated;
CREATE INDEX identity_events_updated ON {s}identity_events (tenant, updated_at, left(user_id, 7)) WHERE updated_at IS NOT NULL;

-- The value of step 6 names the store in cursors of its feed.
ALTER TABLE {s}identity_meta ADD COLUMN store UUID NOT NULL DEFAULT gen_random_uuid();
