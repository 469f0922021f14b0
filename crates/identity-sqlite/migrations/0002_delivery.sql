-- What became of messages after they were handed over, and which addresses they do not reach.

ALTER TABLE identity_identifiers ADD COLUMN undeliverable TEXT;            -- JSON: since when and why; NULL: nothing is known

ALTER TABLE identity_outbox ADD COLUMN identifier BLOB;                    -- whose challenge it carries; NULL: a notice
ALTER TABLE identity_outbox ADD COLUMN uncertain INTEGER NOT NULL DEFAULT 0; -- attempts after which nobody knows whether it was taken on
ALTER TABLE identity_outbox ADD COLUMN provider TEXT;                      -- where it went, or goes to next
ALTER TABLE identity_outbox ADD COLUMN reference TEXT;                     -- what the provider calls it
ALTER TABLE identity_outbox ADD COLUMN sent_at INTEGER;                    -- handed over; NULL: on its way, or given up
ALTER TABLE identity_outbox ADD COLUMN report TEXT;                        -- accepted, delivered, failed, bounced or complained
ALTER TABLE identity_outbox ADD COLUMN reported_at INTEGER;
ALTER TABLE identity_outbox ADD COLUMN report_detail TEXT;

UPDATE identity_outbox SET identifier = unhex(replace(json_extract(content, '$.identifier'), '-', ''))
WHERE json_valid(content) AND json_extract(content, '$.type') = 'challenge';

DROP INDEX identity_outbox_due;
CREATE INDEX identity_outbox_due ON identity_outbox (due_at, id) WHERE sent_at IS NULL AND failed_at IS NULL;

-- Leases are settled and reports noted by the id alone.
DROP INDEX identity_outbox_leased;
CREATE INDEX identity_outbox_id ON identity_outbox (id);

CREATE INDEX identity_outbox_ended ON identity_outbox (coalesce(sent_at, failed_at))
    WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL;
