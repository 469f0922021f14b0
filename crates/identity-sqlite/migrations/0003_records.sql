-- A user is one row with a record, whose form the library documents; stores do not look into it, views do.
--
-- Times are microseconds since 1970-01-01T00:00:00 UTC, ids of identifiers and messages the 16 bytes of a UUID. Rows refer to
-- each other by integers, because they are written at every commit, and a text of 36 bytes would be written with each.
-- Every index below says who needs it; each costs every commit that changes one of its columns a page.

CREATE TABLE IF NOT EXISTS identity_meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An erased user leaves a row without times and records, so that its id is never used again.
CREATE TABLE identity_users (
    user       INTEGER PRIMARY KEY,
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,                -- the number of the last event
    created_at INTEGER,                         -- NULL: erased
    updated_at INTEGER,
    last_event INTEGER NOT NULL,                -- the row of identity_events of the last commit
    claims     TEXT,                            -- JSON: what the user holds in identity_claims; NULL: nothing
    record     TEXT
) STRICT;

-- For every call about a user.
CREATE UNIQUE INDEX identity_users_id ON identity_users (tenant, id);
-- For lists and directories by the time of creation.
CREATE INDEX identity_users_created ON identity_users (tenant, created_at, id) WHERE created_at IS NOT NULL;
-- For lists and directories by the time of the last change.
CREATE INDEX identity_users_updated ON identity_users (tenant, updated_at, id) WHERE created_at IS NOT NULL;

-- The second record, which is large and seldom changes; only of users for whom it is not empty.
CREATE TABLE identity_profiles (
    user   INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

-- By which users are found, and by which hosts join (`host CROSS JOIN identity_lookup`: the planner keeps that order). In the
-- order in which they are found: the verified ones of a key first, then by user.
CREATE TABLE identity_lookup (
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,                   -- email, phone or username
    key        TEXT NOT NULL,
    rule       INTEGER NOT NULL,                -- the rule that made the key
    verified   INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    identifier BLOB NOT NULL,
    checksum   INTEGER NOT NULL,                -- CRC-32 of the other columns
    PRIMARY KEY (tenant, kind, key, rule, verified DESC, user_id, identifier)
) STRICT, WITHOUT ROWID;

-- To whom an address or a username belongs alone.
CREATE TABLE identity_claims (
    tenant   TEXT NOT NULL,
    kind     TEXT NOT NULL,                     -- email, phone or username
    key      TEXT NOT NULL,
    rule     INTEGER NOT NULL,
    user_id  TEXT NOT NULL,
    strength TEXT NOT NULL,                     -- verified or unverified
    PRIMARY KEY (tenant, kind, key, rule)
) STRICT, WITHOUT ROWID;

-- One row a commit, in the order of the commits; those of a user are a chain from its last one.
CREATE TABLE identity_events (
    event   INTEGER PRIMARY KEY,
    user    INTEGER NOT NULL,
    earlier INTEGER,                            -- the commit before of the same user; NULL: the first
    first   INTEGER NOT NULL,                   -- the numbers of the first and the last event: from 1, without a gap
    last    INTEGER NOT NULL,
    events  TEXT NOT NULL                       -- a JSON array of events
) STRICT;

-- For pages of a long history: where to step into the chain. Few commits have a number that 64 divides.
CREATE INDEX identity_events_marks ON identity_events (user, last) WHERE last / 64 > (first - 1) / 64;

CREATE TABLE identity_outbox (
    id           BLOB NOT NULL PRIMARY KEY,
    tenant       TEXT NOT NULL,
    user         INTEGER NOT NULL,
    identifier   BLOB,                          -- whose challenge it carries; NULL: a notice
    channel      TEXT NOT NULL,                 -- email or phone
    address      TEXT NOT NULL,                 -- canonical; messages to one address go one after the other
    format       INTEGER NOT NULL,              -- of the message
    message      TEXT NOT NULL,                 -- JSON
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    uncertain    INTEGER NOT NULL DEFAULT 0,    -- attempts after which nobody knows whether it was taken on
    lease        BLOB,
    leased_until INTEGER,
    provider     TEXT,                          -- where it went, or goes to next
    reference    TEXT,                          -- what the provider calls it
    error        TEXT,
    failed_at    INTEGER,                       -- given up; NULL: on its way, or handed over
    sent_at      INTEGER,                       -- handed over; NULL: on its way, or given up
    report       TEXT                           -- JSON: what the provider said last
) STRICT, WITHOUT ROWID;

-- For a user's messages: their list, their order of delivery, and what is withdrawn or erased.
CREATE INDEX identity_outbox_user ON identity_outbox (user);
-- For leases.
CREATE INDEX identity_outbox_due ON identity_outbox (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
-- For the list of dead letters; only these are in it.
CREATE INDEX identity_outbox_dead ON identity_outbox (tenant) WHERE failed_at IS NOT NULL;
-- For pruning; only messages that ended are in it.
CREATE INDEX identity_outbox_ended ON identity_outbox (coalesce(sent_at, failed_at))
    WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL;

-- The budgets of one address lie side by side.
CREATE TABLE identity_budgets (
    tenant   TEXT NOT NULL,
    quota    TEXT NOT NULL,                     -- a pseudonym, or the name of a country or tenant
    kind     TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ends_at  INTEGER NOT NULL,
    drawn    INTEGER NOT NULL,
    PRIMARY KEY (tenant, quota, kind)
) STRICT, WITHOUT ROWID;

-- Views for reports of the host. They read every record of a tenant; to find users by address, join identity_lookup.
CREATE VIEW identity_identifiers (
    tenant, user_id, identifier, kind, address, typed, is_primary, verified_at, verified_by, added_at
) AS
SELECT u.tenant, u.id, e.value ->> 'i', iif(e.value ->> 'k' = 'e', 'email', 'phone'), e.value ->> 'a',
       coalesce(e.value ->> 't', e.value ->> 'a'), coalesce(e.value ->> 'b', 0), e.value ->> '$.v.a',
       e.value ->> '$.v.b', e.value ->> 'c'
FROM identity_users AS u, json_each(iif(json_valid(u.record), u.record, '{}'), '$.i') AS e
UNION ALL
SELECT tenant, id, record ->> '$.n.i', 'username', record ->> '$.n.a', coalesce(record ->> '$.n.t', record ->> '$.n.a'),
       0, NULL, NULL, record ->> '$.n.c'
FROM identity_users WHERE iif(json_valid(record), record ->> '$.n.a', NULL) IS NOT NULL;

CREATE VIEW identity_primary (tenant, user_id, primary_email, primary_phone) AS
SELECT u.tenant, u.id,
       (SELECT e.value ->> 'a' FROM json_each(u.record, '$.i') AS e WHERE e.value ->> 'b' AND e.value ->> 'k' = 'e'),
       (SELECT e.value ->> 'a' FROM json_each(u.record, '$.i') AS e WHERE e.value ->> 'b' AND e.value ->> 'k' = 'p')
FROM identity_users AS u WHERE json_valid(u.record);
