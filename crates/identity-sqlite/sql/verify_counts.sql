-- What is counted, and how much of it there is: first what belongs to users, then what must not be.
SELECT 'rows in identity_lookup', count(*) FROM identity_lookup;
SELECT 'rows in identity_claims', count(*) FROM identity_claims;
SELECT 'rows of users that are gone in identity_profiles', count(*) FROM identity_profiles
WHERE user NOT IN (SELECT user FROM identity_users WHERE created_at IS NOT NULL);
SELECT 'rows of users that are gone in identity_outbox', count(*) FROM identity_outbox
WHERE user > 0 AND user NOT IN (SELECT user FROM identity_users WHERE created_at IS NOT NULL);
SELECT 'rows of users that never were in identity_events', count(*) FROM identity_events
WHERE user NOT IN (SELECT user FROM identity_users);
SELECT 'budget windows with impossible values in identity_budgets', count(*) FROM identity_budgets
WHERE drawn < 0 OR ends_at < began_at
