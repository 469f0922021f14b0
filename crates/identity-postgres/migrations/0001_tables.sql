-- Times are microseconds since 1970-01-01T00:00:00 UTC. Every key begins with the tenant, so that an engine that shards can
-- spread the rows by it; texts are compared byte by byte. Nothing refers to another table: a claim lies elsewhere than its user.

CREATE TABLE {s}identity_users (
    tenant        TEXT COLLATE "C" NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    version       BIGINT NOT NULL,              -- the number of the last event
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    disabled      BOOLEAN NOT NULL,
    primary_email UUID,
    primary_phone UUID,
    retired       TEXT,                         -- JSON: wrong answers and sends of identifiers that were removed
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 85);

CREATE INDEX identity_users_created ON {s}identity_users (tenant, created_at, id);
CREATE INDEX identity_users_updated ON {s}identity_users (tenant, updated_at, id);

-- Beside the user and not in its row: every decision writes that row, and these can be long.
CREATE TABLE {s}identity_profiles (
    tenant       TEXT COLLATE "C" NOT NULL,
    user_id      TEXT COLLATE "C" NOT NULL,
    claims       TEXT,                          -- JSON objects; NULL when empty
    public_data  TEXT,
    private_data TEXT,
    credentials  TEXT,
    sign_ins     TEXT,
    PRIMARY KEY (tenant, user_id)
) WITH (fillfactor = 85);

CREATE TABLE {s}identity_identifiers (
    tenant               TEXT COLLATE "C" NOT NULL,
    user_id              TEXT COLLATE "C" NOT NULL,
    kind                 TEXT COLLATE "C" NOT NULL,  -- email, phone or username
    id                   UUID NOT NULL,
    position             BIGINT NOT NULL,       -- among the user's addresses of this kind, from 0
    address              TEXT NOT NULL,         -- canonical
    typed                TEXT,                  -- as typed, when that is something else
    claim_key            TEXT COLLATE "C" NOT NULL,  -- by which two addresses are one
    claim_rule           BIGINT NOT NULL,       -- the rule that made the key
    status               TEXT NOT NULL,         -- verified, pending or unverified; a username is verified
    verified             BOOLEAN NOT NULL,
    source               TEXT,
    unrestricted         BOOLEAN NOT NULL,
    added_at             BIGINT NOT NULL,
    replaces             UUID,
    sign_in              TEXT,                  -- JSON
    undeliverable        TEXT,                  -- JSON: since when and why nothing arrives there; NULL: nothing is known
    verified_at          BIGINT,
    verified_by          TEXT,
    verified_source      TEXT,
    failed_in_a_row      BIGINT NOT NULL,
    failed_at            TEXT,                  -- JSON arrays of times; NULL when empty
    sent_at              TEXT,
    challenge_nonce      BYTEA,                 -- a code is derived from it with the host's key; none is stored
    challenge_key        TEXT,
    challenge_purpose    TEXT,
    challenge_proof      TEXT,
    challenge_length     BIGINT,
    challenge_alphabet   TEXT,
    challenge_issued_at  BIGINT,
    challenge_expires_at BIGINT,
    challenge_tries      BIGINT,
    challenge_failed     BIGINT,
    challenge_hint       TEXT,
    PRIMARY KEY (tenant, user_id, kind, id)
) WITH (fillfactor = 85);

CREATE INDEX identity_identifiers_found
    ON {s}identity_identifiers (tenant, kind, claim_key, claim_rule, verified DESC, user_id, id);

CREATE TABLE {s}identity_claims (
    tenant     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,       -- email, phone or username
    claim_key  TEXT COLLATE "C" NOT NULL,
    claim_rule BIGINT NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL,
    strength   TEXT NOT NULL,                   -- verified or unverified
    PRIMARY KEY (tenant, kind, claim_key, claim_rule)
);

CREATE INDEX identity_claims_held ON {s}identity_claims (tenant, user_id);

CREATE TABLE {s}identity_events (
    tenant    TEXT COLLATE "C" NOT NULL,
    user_id   TEXT COLLATE "C" NOT NULL,
    number    BIGINT NOT NULL,                  -- from 1, without a gap
    format    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT,                             -- the administrator; NULL: the user
    type      TEXT NOT NULL,
    change    TEXT NOT NULL,                    -- JSON
    commit_id UUID,                             -- by which a commit whose answer was lost is found again
    PRIMARY KEY (tenant, user_id, number)
);

CREATE TABLE {s}identity_outbox (
    tenant       TEXT COLLATE "C" NOT NULL,
    user_id      TEXT COLLATE "C" NOT NULL,
    id           UUID NOT NULL,
    format       BIGINT NOT NULL,
    channel      TEXT NOT NULL,                 -- email or phone
    address      TEXT NOT NULL,
    typed        TEXT,
    content      TEXT NOT NULL,                 -- JSON
    locale       TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    lease        UUID,
    leased_until BIGINT,
    error        TEXT,
    failed_at    BIGINT,                        -- given up
    identifier   UUID,                          -- whose challenge it carries; NULL: a notice
    uncertain    BIGINT NOT NULL DEFAULT 0,     -- attempts after which nobody knows whether it was taken on
    provider     TEXT,                          -- where it went, or goes to next
    reference    TEXT,                          -- what the provider calls it
    sent_at      BIGINT,                        -- handed over; NULL: on its way, or given up
    report       TEXT,                          -- accepted, delivered, failed, bounced or complained
    reported_at  BIGINT,
    report_detail TEXT,
    PRIMARY KEY (tenant, user_id, id)
) WITH (fillfactor = 70);

CREATE INDEX identity_outbox_due ON {s}identity_outbox (due_at, id) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX identity_outbox_parked ON {s}identity_outbox (tenant, id) WHERE failed_at IS NOT NULL;
-- Leases are settled and reports noted by the id alone.
CREATE INDEX identity_outbox_id ON {s}identity_outbox (id);
CREATE INDEX identity_outbox_ended ON {s}identity_outbox ((coalesce(sent_at, failed_at)))
    WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL;

CREATE TABLE {s}identity_quotas (
    tenant   TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    quota    TEXT COLLATE "C" NOT NULL,         -- a pseudonym, or the name of a country or tenant
    began_at BIGINT NOT NULL,
    ends_at  BIGINT NOT NULL,
    drawn    BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, quota)
) WITH (fillfactor = 70);
