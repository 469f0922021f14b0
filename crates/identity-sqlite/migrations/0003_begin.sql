-- The tables of version 2 step aside, and are emptied user by user.
DROP INDEX identity_users_created;
DROP INDEX identity_users_updated;
DROP INDEX identity_identifiers_found;
DROP INDEX identity_outbox_due;
DROP INDEX identity_outbox_id;
DROP INDEX identity_outbox_parked;
DROP INDEX identity_outbox_ended;
ALTER TABLE identity_users RENAME TO identity_old_users;
ALTER TABLE identity_profiles RENAME TO identity_old_profiles;
ALTER TABLE identity_identifiers RENAME TO identity_old_identifiers;
ALTER TABLE identity_claims RENAME TO identity_old_claims;
ALTER TABLE identity_events RENAME TO identity_old_events;
ALTER TABLE identity_outbox RENAME TO identity_old_outbox;
