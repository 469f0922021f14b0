-- A user is one row with a record, whose form the library documents; the store does not look into it, views do.
--
-- The tables of users, profiles, identifiers and events become those of the version before, from which the next step moves
-- every user into the new ones. Every index says who needs it: each costs every commit that changes one of its columns.

-- The oldest version whose programs can go on with these tables: for steps that earlier programs can live with, it stays.
ALTER TABLE {s}identity_meta ADD COLUMN compatible_since BIGINT NOT NULL DEFAULT 4;

ALTER TABLE {s}identity_users RENAME TO identity_old_users;
ALTER TABLE {s}identity_profiles RENAME TO identity_old_profiles;
ALTER TABLE {s}identity_identifiers RENAME TO identity_old_identifiers;
ALTER TABLE {s}identity_events RENAME TO identity_old_events;
ALTER INDEX {s}identity_users_pkey RENAME TO identity_old_users_pkey;
ALTER INDEX {s}identity_profiles_pkey RENAME TO identity_old_profiles_pkey;
ALTER INDEX {s}identity_events_pkey RENAME TO identity_old_events_pkey;
DROP INDEX {s}identity_users_created;
DROP INDEX {s}identity_users_updated;
ALTER TABLE {s}identity_quotas RENAME TO identity_budgets;
ALTER INDEX {s}identity_quotas_pkey RENAME TO identity_budgets_pkey;
ALTER TABLE {s}identity_claims RENAME COLUMN claim_key TO key;
ALTER TABLE {s}identity_claims RENAME COLUMN claim_rule TO rule;

-- No index has a column that a commit changes, so that the new version of a row can stay on the page of the old one. An
-- erased user leaves a row without times and record, so that its id is never used again.
CREATE TABLE {s}identity_users (
    version    BIGINT NOT NULL,                 -- the number of the last event
    created_at BIGINT,                          -- NULL: erased
    updated_at BIGINT,
    tenant     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    record     TEXT,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 85);

-- For lists and directories by the time of creation.
CREATE INDEX identity_users_created ON {s}identity_users (tenant, created_at, id) WHERE created_at IS NOT NULL;

-- The second record, which is large and seldom changes; only of users for whom it is not empty.
CREATE TABLE {s}identity_profiles (
    tenant  TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (tenant, user_id)
);

-- By which users are found, and by which hosts join: one row for each address and each username.
CREATE TABLE {s}identity_lookup (
    identifier UUID NOT NULL,
    rule       BIGINT NOT NULL,                 -- the rule that made the key
    verified   BOOLEAN NOT NULL,
    tenant     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,       -- email, phone or username
    key        TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, kind, key, rule, user_id, identifier)
);

-- One row for each commit. The key serves the history.
CREATE TABLE {s}identity_events (
    number     BIGINT NOT NULL,                 -- of the last event of the commit
    first      BIGINT NOT NULL,                 -- of its first event; numbers count from 1, without a gap
    updated_at BIGINT,                          -- of the user after the commit; NULL: erased by it
    commit_id  UUID NOT NULL,                   -- by which a commit whose answer was lost is found again
    tenant     TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL,
    events     JSON NOT NULL,                   -- an array of events
    PRIMARY KEY (tenant, user_id, number)
);

-- For lists by the time of the last change: a row counts while the user is at its number.
CREATE INDEX identity_events_updated ON {s}identity_events (tenant, updated_at, user_id) WHERE updated_at IS NOT NULL;
