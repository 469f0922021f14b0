DROP TABLE identity_old_profiles;
DROP TABLE identity_old_identifiers;
DROP TABLE identity_old_claims;
DROP TABLE identity_old_events;
DROP TABLE identity_old_outbox;
DROP TABLE identity_old_users;
