-- The position up to which the feed is settled: every commit that has a position up to it, or will ever have one, is visible to
-- the next statement of the transaction.
--
-- Let p be the position of a commit, at most the last position L that the statement before read, and at most every position that
-- is locked now. It was drawn before L was read, and locked by something less than p before it was drawn. That lock is not there
-- any more, or p would be above it. So the transaction has ended, and transactions become visible before they release their
-- locks: the next statement, whose snapshot is younger, sees p if it was committed. A transaction that has not taken its lock yet,
-- or took it after this statement looked, draws positions above L.
--
-- Locks have the last 32 bits of a position. One that was taken after L was read may be ahead of it, and does not count.
SELECT set_config('identity.settled', (w.last - coalesce(max(w.behind) FILTER (WHERE w.behind < 2147483648), 0))::text, true)::int8
    AS settled
FROM (SELECT l.last, (l.last - k.objid::int8) & 4294967295 AS behind
      FROM (SELECT current_setting('identity.last')::int8 AS last, p.tableoid AS sequence FROM {s}identity_positions p) l
      LEFT JOIN pg_locks k ON k.locktype = 'advisory' AND k.classid = l.sequence AND k.objsubid = 2
          AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) w
GROUP BY w.last
