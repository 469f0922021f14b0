-- Times are microseconds since 1970-01-01T00:00:00 UTC, ids of identifiers and messages the 16 bytes of a UUID.
-- Every key begins with the tenant; rows lie in the order of their keys, so that one user's rows lie side by side.

CREATE TABLE identity_meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_users (
    tenant        TEXT NOT NULL,
    id            TEXT NOT NULL,
    version       INTEGER NOT NULL,             -- the number of the last event
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    disabled      INTEGER NOT NULL,
    primary_email BLOB,
    primary_phone BLOB,
    retired       TEXT,                         -- JSON: wrong answers and sends of identifiers that were removed
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_users_created ON identity_users (tenant, created_at, id);
CREATE INDEX identity_users_updated ON identity_users (tenant, updated_at, id);

-- Beside the user and not in its row: every decision writes that row, and these can be long.
CREATE TABLE identity_profiles (
    tenant       TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    claims       TEXT,                          -- JSON objects; NULL when empty
    public_data  TEXT,
    private_data TEXT,
    credentials  TEXT,
    sign_ins     TEXT,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES identity_users (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_identifiers (
    tenant               TEXT NOT NULL,
    user_id              TEXT NOT NULL,
    kind                 TEXT NOT NULL,         -- email, phone or username
    id                   BLOB NOT NULL,
    position             INTEGER NOT NULL,      -- among the user's addresses of this kind, from 0
    address              TEXT NOT NULL,         -- canonical
    typed                TEXT,                  -- as typed, when that is something else
    claim_key            TEXT NOT NULL,         -- by which two addresses are one
    claim_rule           INTEGER NOT NULL,      -- the rule that made the key
    source               TEXT,
    unrestricted         INTEGER NOT NULL,
    added_at             INTEGER NOT NULL,
    replaces             BLOB,
    sign_in              TEXT,                  -- JSON
    verified_at          INTEGER,
    verified_by          TEXT,
    verified_source      TEXT,
    failed_in_a_row      INTEGER NOT NULL,
    failed_at            TEXT,                  -- JSON arrays of times; NULL when empty
    sent_at              TEXT,
    challenge_nonce      BLOB,                  -- a code is derived from it with the host's key; none is stored
    challenge_key        TEXT,
    challenge_purpose    TEXT,
    challenge_proof      TEXT,
    challenge_length     INTEGER,
    challenge_alphabet   TEXT,
    challenge_issued_at  INTEGER,
    challenge_expires_at INTEGER,
    challenge_tries      INTEGER,
    challenge_failed     INTEGER,
    challenge_hint       TEXT,
    status               TEXT GENERATED ALWAYS AS (
        CASE
            WHEN verified_at IS NOT NULL OR kind = 'username' THEN 'verified'
            WHEN challenge_nonce IS NOT NULL THEN 'pending'
            ELSE 'unverified'
        END
    ) VIRTUAL,
    verified             INTEGER GENERATED ALWAYS AS (verified_at IS NOT NULL OR kind = 'username') VIRTUAL,
    PRIMARY KEY (tenant, user_id, kind, id),
    FOREIGN KEY (tenant, user_id) REFERENCES identity_users (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_identifiers_found
    ON identity_identifiers (tenant, kind, claim_key, claim_rule, verified DESC, user_id, id);

CREATE TABLE identity_claims (
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,                   -- email, phone or username
    claim_key  TEXT NOT NULL,
    claim_rule INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    strength   TEXT NOT NULL,                   -- verified or unverified
    PRIMARY KEY (tenant, kind, claim_key, claim_rule),
    FOREIGN KEY (tenant, user_id) REFERENCES identity_users (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_claims_held ON identity_claims (tenant, user_id, strength);

-- No foreign key: the events of an erased user stay, stripped.
CREATE TABLE identity_events (
    tenant  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    number  INTEGER NOT NULL,                   -- from 1, without a gap
    format  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT,                               -- the administrator; NULL: the user
    type    TEXT NOT NULL,
    change  TEXT NOT NULL,                      -- JSON
    PRIMARY KEY (tenant, user_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_outbox (
    tenant       TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    id           BLOB NOT NULL,
    format       INTEGER NOT NULL,
    channel      TEXT NOT NULL,                 -- email or phone
    address      TEXT NOT NULL,
    typed        TEXT,
    content      TEXT NOT NULL,                 -- JSON
    locale       TEXT,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    lease        BLOB,
    leased_until INTEGER,
    error        TEXT,
    failed_at    INTEGER,                       -- given up; NULL: on its way
    PRIMARY KEY (tenant, user_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_outbox_due ON identity_outbox (due_at, id) WHERE failed_at IS NULL;
CREATE INDEX identity_outbox_leased ON identity_outbox (lease, id) WHERE lease IS NOT NULL;
CREATE INDEX identity_outbox_parked ON identity_outbox (tenant, id) WHERE failed_at IS NOT NULL;

CREATE TABLE identity_quotas (
    tenant   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    quota    TEXT NOT NULL,                     -- a pseudonym, or the name of a country or tenant
    began_at INTEGER NOT NULL,
    ends_at  INTEGER NOT NULL,
    drawn    INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, quota)
) STRICT, WITHOUT ROWID;
