//! The one statement that writes commits.
//!
//! All its parts see the database as it was when the statement began. From that it judges each commit by itself: whether the
//! user is at the expected version, whether another user holds a claim, whether budgets cover the charges. It also locks the
//! rows of the users, and passes over those that another transaction has locked or changed: such a commit is not written, and
//! is tried again later, without holding up the others.
//!
//! A commit that passes is written under the same conditions once more, which the server checks against the rows as they are by
//! then. When another transaction was faster at a claim or a budget, fewer rows are written than there should be: then the
//! statement ends itself with an error, nothing of it stays, and it is run again. So the answer is true of one moment, no lock
//! is held while anything is decided, and any number of commits takes one round trip.

use crate::error::RACED;
use crate::sql::{Rows, Sql};

use super::batch::Parts;

/// Whether the commit of a row is written.
const WRITTEN: &str = "((SELECT a FROM ok))[x.n::int]";
/// Whether the message that a row belongs to is withheld.
const WITHHELD: &str = "((SELECT a FROM held))[x.m::int] IS TRUE";

/// What stays of an event `r` of a user who goes, as [`Event::stripped`](identity_core::Event::stripped) says: its type, and the
/// id of the identifier that it was about. That id stands at the front of its text, or behind the channel; found as text, so
/// that what cannot be read goes too.
const STRIPPED: &str = r#"'{"type":"stripped","was":' || to_json(r.type)::text || coalesce(',"id":"' || substring(
    r.change, '^[{]"type":"[a-z_]+",(?:"channel":"[a-z]+",)?"id":"([0-9a-f-]{36})"') || '"', '') || '}'"#;
/// Whether an event `r` holds nothing else already.
const BARE: &str = r#"(r.type = 'erased' AND r.change = '{"type":"erased"}') OR (r.type = 'stripped'
    AND r.change ~ '^[{]"type":"stripped","was":"[a-z_]+"(,"id":"[0-9a-f-]{36}")?[}]$')"#;

struct Writer<'a, 't> {
    sql: Sql<'a>,
    tables: &'t str,
    /// What has to be written, and what was: sums of counts.
    due: Vec<String>,
    done: Vec<String>,
}

/// The statement for these rows.
pub(super) fn statement<'a>(parts: Parts<'a>, tables: &str) -> Sql<'a> {
    let Parts {
        commits,
        created,
        changed,
        gone,
        profiles,
        identifiers,
        dropped,
        cleared,
        released,
        taken,
        events,
        charges,
        refunds,
        budgets,
        steps,
        withdrawn,
        messages,
        ..
    } = parts;
    let (claims, draws) = (taken.is_named(), Draws { plain: charges.is_named(), intricate: steps.is_named() });
    let with = if draws.intricate { "WITH RECURSIVE " } else { "WITH " };
    let mut writer = Writer { sql: Sql::new(with), tables, due: Vec::new(), done: Vec::new() };
    writer.judge(commits, taken, charges, budgets, steps);
    writer.users(created, changed, gone);
    if claims {
        writer.claims();
    }
    writer.released(released);
    writer.refunds(refunds);
    if draws.plain {
        writer.quotas();
    }
    if draws.intricate {
        writer.windows();
    }
    writer.identifiers(identifiers, dropped, cleared);
    writer.profiles(profiles);
    writer.events(events);
    writer.withdrawn(withdrawn);
    writer.messages(messages, draws);
    writer.answer(claims, draws)
}

/// Which kinds of draws there are.
#[derive(Clone, Copy)]
struct Draws {
    plain: bool,
    /// Of commits that touch a budget more than once.
    intricate: bool,
}

impl<'a> Writer<'a, '_> {
    /// Opens a part of the statement over these rows, and gives whether it has one.
    fn rows(&mut self, name: &str, rows: Rows<'a>) -> bool {
        if !rows.is_named() {
            return false;
        }
        self.push(&format!(", {name} AS (SELECT * FROM "));
        self.sql.unnest(rows, "x");
        self.push(")");
        true
    }

    fn push(&mut self, text: &str) {
        self.sql.push(&text.replace("{t}", self.tables));
    }

    /// Says that as many rows of `due` as are written have to come back from `done`.
    fn count(&mut self, due: &str, also: &str, done: &str) {
        self.due.push(format!("(SELECT count(*) FROM {due} x WHERE {WRITTEN}{also})"));
        self.done.push(format!("(SELECT count(*) FROM {done})"));
    }

    fn judge(&mut self, commits: Rows<'a>, taken: Rows<'a>, charges: Rows<'a>, budgets: Rows<'a>, steps: Rows<'a>) {
        // What is there is asked for row by row, by `LIMIT 1`: of an `EXISTS` in this place the planner may make one reading of
        // the whole table, which is cheap while the table is small, and a plan outlives that.
        self.push("c AS (SELECT * FROM ");
        self.sql.unnest(commits, "x");
        self.push(
            "), v AS MATERIALIZED (SELECT c.n, CASE WHEN c.expected IS NULL \
             THEN (SELECT 1 FROM {t}identity_users u WHERE u.tenant = c.tenant AND u.id = c.id LIMIT 1) IS NULL \
             AND (SELECT 1 FROM {t}identity_events e WHERE e.tenant = c.tenant AND e.user_id = c.id LIMIT 1) IS NULL \
             ELSE (SELECT 1 FROM {t}identity_users u \
             WHERE u.tenant = c.tenant AND u.id = c.id AND u.version = c.expected LIMIT 1) IS NOT NULL END AS fits, \
             c.expected IS NULL OR (SELECT 1 FROM {t}identity_users u \
             WHERE u.tenant = c.tenant AND u.id = c.id AND u.version = c.expected LIMIT 1 FOR UPDATE SKIP LOCKED) IS NOT NULL \
             AS free FROM c)",
        );
        let mut conditions = String::new();
        let mut held = Vec::new();
        if self.rows("t", taken) {
            self.push(
                ", tk AS (SELECT t.n, min(t.i) AS i FROM t JOIN {t}identity_claims k ON k.tenant = t.tenant \
                 AND k.kind = t.kind AND k.claim_key = t.claim_key AND k.claim_rule = t.claim_rule \
                 WHERE k.user_id <> t.user_id AND NOT (k.strength = 'unverified' AND t.strength = 'verified') \
                 GROUP BY t.n)",
            );
            conditions.push_str(" AND NOT EXISTS (SELECT 1 FROM tk WHERE tk.n = v.n)");
        }
        if self.rows("q", charges) {
            self.push(
                ", j AS (SELECT q.*, w.began_at, w.drawn, (w.began_at > q.opened) IS TRUE AS open, \
                 CASE WHEN w.began_at > q.opened THEN w.drawn <= q.room ELSE q.room >= 0 END AS fits \
                 FROM q LEFT JOIN {t}identity_quotas w \
                 ON w.tenant = q.tenant AND w.kind = q.kind AND w.quota = q.quota)",
            );
            held.push("SELECT j.m, j.effect = 'withhold' AND NOT j.fits AS held FROM j WHERE j.m > 0");
            conditions.push_str(
                " AND NOT EXISTS (SELECT 1 FROM j WHERE j.n = v.n AND ((j.effect = 'refuse' AND NOT j.fits) OR j.drawn < 0))",
            );
        }
        if self.rows("b", budgets) && self.rows("st", steps) {
            self.ledger();
            held.push("SELECT l.m, l.held FROM l WHERE l.m > 0");
            conditions.push_str(" AND NOT EXISTS (SELECT 1 FROM l WHERE l.n = v.n AND l.refused)");
        }
        if !held.is_empty() {
            let held = held.join(" UNION ALL ");
            self.push(&format!(
                ", held AS (SELECT array_agg(h.held ORDER BY h.m) AS a FROM \
                 (SELECT x.m, bool_or(x.held) AS held FROM ({held}) x GROUP BY x.m) h)"
            ));
        }
        self.push(&format!(", ok AS (SELECT array_agg(v.fits AND v.free{conditions} ORDER BY v.n) AS a FROM v)"));
    }

    /// The refunds and draws of a commit that touches a budget more than once, one after the other. `w` is every window of the
    /// commit as it stands, three cells each: when it began, when it ends, how much is drawn. `kept` is what it was before the
    /// message whose charges are looked at: that message may be withheld, and has drawn nothing then.
    fn ledger(&mut self) {
        self.push(
            ", bw AS (SELECT b.*, w.began_at, w.ends_at, w.drawn FROM b LEFT JOIN {t}identity_quotas w \
             ON w.tenant = b.tenant AND w.kind = b.kind AND w.quota = b.quota), \
             l AS (SELECT bw.n, 0::int8 AS s, 0::int8 AS m, 0::int8 AS i, array_agg(x.cell ORDER BY bw.b, x.place) AS w, \
             array_agg(x.cell ORDER BY bw.b, x.place) AS kept, false AS held, false AS refused, false AS fits, \
             false AS open, NULL::int8 AS began_at, NULL::int8 AS drawn FROM bw, \
             LATERAL (VALUES (1, bw.began_at), (2, bw.ends_at), (3, bw.drawn)) x(place, cell) GROUP BY bw.n \
             UNION ALL SELECT st.n, st.s, st.m, st.i, CASE WHEN o.changes THEN ARRAY(SELECT CASE x.place - 3 * st.b \
             WHEN -2 THEN CASE WHEN st.i = 0 OR o.open THEN f.began_at ELSE st.at END \
             WHEN -1 THEN CASE WHEN st.i = 0 THEN f.ends_at ELSE \
             LEAST(CASE WHEN o.open THEN f.began_at ELSE st.at END::numeric + st.length, 9223372036854775807)::int8 END \
             WHEN 0 THEN CASE WHEN st.i = 0 THEN CASE WHEN f.drawn > st.amount THEN f.drawn - st.amount ELSE 0 END \
             WHEN o.open THEN f.drawn + LEAST(st.amount, 9223372036854775807 - GREATEST(f.drawn, 0)) ELSE st.amount END \
             ELSE x.cell END FROM unnest(a.w) WITH ORDINALITY x(cell, place) ORDER BY x.place) ELSE a.w END, \
             a.kept, a.held OR (st.effect = 'withhold' AND NOT o.fits), \
             (st.effect = 'refuse' AND NOT o.fits) OR (st.i > 0 AND f.drawn < 0) IS TRUE, o.fits, o.open, f.began_at, f.drawn \
             FROM l JOIN st ON st.n = l.n AND st.s = l.s + 1, \
             LATERAL (SELECT st.m = l.m AND l.held AS held, \
             CASE WHEN st.m <> l.m AND l.held THEN l.kept ELSE l.w END AS w, \
             CASE WHEN st.m = l.m OR l.held THEN l.kept ELSE l.w END AS kept) a, \
             LATERAL (SELECT a.w[3 * st.b::int - 2] AS began_at, a.w[3 * st.b::int - 1] AS ends_at, a.w[3 * st.b::int] AS drawn) f, \
             LATERAL (SELECT (f.began_at > st.opened) IS TRUE AS open, \
             CASE WHEN f.began_at > st.opened THEN f.drawn <= st.room ELSE st.room >= 0 END AS fits, \
             st.i > 0 OR (f.began_at <= st.at AND f.ends_at > st.at) IS TRUE AS changes) o)",
        );
    }

    /// The user's row comes first: whoever is second finds out there.
    fn users(&mut self, created: Rows<'a>, changed: Rows<'a>, gone: Rows<'a>) {
        if self.rows("nu", created) {
            self.push(&format!(
                ", nu_w AS (INSERT INTO {{t}}identity_users (tenant, id, version, created_at, updated_at, disabled, \
                 primary_email, primary_phone, retired) SELECT x.tenant, x.id, x.version, x.created_at, x.updated_at, \
                 x.disabled, x.primary_email, x.primary_phone, x.retired FROM nu x WHERE {WRITTEN} \
                 ON CONFLICT DO NOTHING RETURNING 1)"
            ));
            self.count("nu", "", "nu_w");
        }
        if self.rows("cu", changed) {
            self.push(&format!(
                ", cu_w AS (UPDATE {{t}}identity_users u SET version = x.version, created_at = x.created_at, \
                 updated_at = x.updated_at, disabled = x.disabled, primary_email = x.primary_email, \
                 primary_phone = x.primary_phone, retired = x.retired FROM cu x WHERE {WRITTEN} \
                 AND u.tenant = x.tenant AND u.id = x.id AND u.version = x.expected RETURNING 1)"
            ));
            self.count("cu", "", "cu_w");
        }
        if self.rows("gu", gone) {
            self.push(&format!(
                ", gu_w AS (DELETE FROM {{t}}identity_users u USING gu x WHERE {WRITTEN} \
                 AND u.tenant = x.tenant AND u.id = x.id AND u.version = x.expected RETURNING 1)"
            ));
            self.count("gu", "", "gu_w");
            for table in ["identifiers", "profiles", "claims", "outbox"] {
                self.push(&format!(
                    ", gone_{table} AS (DELETE FROM {{t}}identity_{table} r USING gu x WHERE {WRITTEN} \
                     AND r.tenant = x.tenant AND r.user_id = x.id)"
                ));
            }
            self.push(&format!(
                ", stripped AS (UPDATE {{t}}identity_events r SET type = 'stripped', change = {STRIPPED} FROM gu x \
                 WHERE {WRITTEN} AND r.tenant = x.tenant AND r.user_id = x.id AND NOT ({BARE}))"
            ));
        }
    }

    /// A claim goes to a new holder only when it is verified and was not: the row that stays as it is counts as none.
    fn claims(&mut self) {
        let after = self.after_users();
        self.push(&format!(
            ", t_w AS (INSERT INTO {{t}}identity_claims AS k (tenant, kind, claim_key, claim_rule, user_id, strength) \
             SELECT x.tenant, x.kind, x.claim_key, x.claim_rule, x.user_id, x.strength FROM t x \
             WHERE {WRITTEN} AND NOT x.gone{after} \
             ON CONFLICT (tenant, kind, claim_key, claim_rule) DO UPDATE SET user_id = excluded.user_id, \
             strength = excluded.strength WHERE k.user_id = excluded.user_id \
             OR (k.strength = 'unverified' AND excluded.strength = 'verified') RETURNING 1), \
             t_f AS (DELETE FROM {{t}}identity_claims k USING t x WHERE {WRITTEN} AND x.gone AND k.tenant = x.tenant \
             AND k.kind = x.kind AND k.claim_key = x.claim_key AND k.claim_rule = x.claim_rule \
             AND k.user_id <> x.user_id AND k.strength = 'unverified' AND x.strength = 'verified')"
        ));
        self.count("t", " AND NOT x.gone", "t_w");
    }

    /// True, and known only after the users' rows are written: so everybody locks users first.
    fn after_users(&self) -> String {
        let done = self.done.join(" + ");
        if done.is_empty() { String::new() } else { format!(" AND {done} >= 0") }
    }

    fn released(&mut self, released: Rows<'a>) {
        if self.rows("rl", released) {
            self.push(&format!(
                ", rl_w AS (DELETE FROM {{t}}identity_claims k USING rl x WHERE {WRITTEN} AND k.tenant = x.tenant \
                 AND k.kind = x.kind AND k.claim_key = x.claim_key AND k.claim_rule = x.claim_rule \
                 AND k.user_id = x.user_id)"
            ));
        }
    }

    fn refunds(&mut self, refunds: Rows<'a>) {
        if self.rows("rf", refunds) {
            let after = self.after_users();
            self.push(&format!(
                ", rf_w AS (UPDATE {{t}}identity_quotas w SET drawn = GREATEST(0, w.drawn - x.amount) FROM rf x \
                 WHERE {WRITTEN}{after} AND w.tenant = x.tenant AND w.kind = x.kind AND w.quota = x.quota \
                 AND w.began_at <= x.at AND w.ends_at > x.at)"
            ));
        }
    }

    /// Draws from the windows as they are when the row is locked, which may be fuller than they were judged: what had room still
    /// has to have it. What had none is only recorded.
    fn quotas(&mut self) {
        let after = self.after_users();
        self.push(&format!(
            ", q_u AS (UPDATE {{t}}identity_quotas w SET \
             began_at = CASE WHEN w.began_at > x.opened THEN w.began_at ELSE x.at END, \
             ends_at = LEAST(CASE WHEN w.began_at > x.opened THEN w.began_at ELSE x.at END::numeric + x.length, \
             9223372036854775807)::int8, \
             drawn = CASE WHEN w.began_at > x.opened THEN w.drawn + LEAST(x.amount, 9223372036854775807 - w.drawn) \
             ELSE x.amount END \
             FROM j x WHERE {WRITTEN} AND NOT ({WITHHELD}) AND x.began_at IS NOT NULL{after} \
             AND w.tenant = x.tenant AND w.kind = x.kind AND w.quota = x.quota \
             AND (NOT x.fits OR CASE WHEN w.began_at > x.opened THEN w.drawn <= x.room ELSE x.room >= 0 END) \
             RETURNING 1), \
             q_i AS (INSERT INTO {{t}}identity_quotas (tenant, kind, quota, began_at, ends_at, drawn) \
             SELECT x.tenant, x.kind, x.quota, x.at, LEAST(x.at::numeric + x.length, 9223372036854775807)::int8, x.amount \
             FROM j x WHERE {WRITTEN} AND NOT ({WITHHELD}) AND x.began_at IS NULL{after} \
             ON CONFLICT DO NOTHING RETURNING 1)"
        ));
        self.count("j", &format!(" AND NOT ({WITHHELD})"), "q_u");
        self.done.push("(SELECT count(*) FROM q_i)".to_owned());
    }

    /// Writes what the ledger came to, unless somebody drew meanwhile.
    fn windows(&mut self) {
        let after = self.after_users();
        self.push(&format!(
            ", w AS (SELECT x.*, x.w[3 * x.b::int - 2] AS began, x.w[3 * x.b::int - 1] AS ends, x.w[3 * x.b::int] AS draws FROM \
             (SELECT bw.*, CASE WHEN l.held THEN l.kept ELSE l.w END AS w FROM bw JOIN l ON l.n = bw.n \
             AND l.s = (SELECT max(st.s) FROM st WHERE st.n = bw.n)) x), \
             wx AS (SELECT * FROM w WHERE (began, ends, draws) IS DISTINCT FROM (began_at, ends_at, drawn)), \
             w_u AS (UPDATE {{t}}identity_quotas w SET began_at = x.began, ends_at = x.ends, drawn = x.draws \
             FROM wx x WHERE {WRITTEN} AND w.tenant = x.tenant AND w.kind = x.kind AND w.quota = x.quota{after} \
             AND w.began_at = x.began_at AND w.ends_at = x.ends_at AND w.drawn = x.drawn RETURNING 1), \
             w_i AS (INSERT INTO {{t}}identity_quotas (tenant, kind, quota, began_at, ends_at, drawn) \
             SELECT x.tenant, x.kind, x.quota, x.began, x.ends, x.draws FROM wx x \
             WHERE {WRITTEN} AND x.began_at IS NULL{after} ON CONFLICT DO NOTHING RETURNING 1)"
        ));
        self.count("wx", "", "w_u");
        self.done.push("(SELECT count(*) FROM w_i)".to_owned());
    }

    fn identifiers(&mut self, identifiers: Rows<'a>, dropped: Rows<'a>, cleared: Rows<'a>) {
        let written = self.rows("i", identifiers);
        if self.rows("d", dropped) {
            self.push(&format!(
                ", d_w AS (DELETE FROM {{t}}identity_identifiers r USING d x WHERE {WRITTEN} \
                 AND r.tenant = x.tenant AND r.user_id = x.user_id AND r.kind = x.kind AND r.id = x.id)"
            ));
        }
        if self.rows("cl", cleared) {
            let but = if written {
                " AND NOT EXISTS (SELECT 1 FROM i WHERE i.n = x.n AND i.kind = r.kind AND i.id = r.id)"
            } else {
                ""
            };
            self.push(&format!(
                ", cl_w AS (DELETE FROM {{t}}identity_identifiers r USING cl x WHERE {WRITTEN} \
                 AND r.tenant = x.tenant AND r.user_id = x.user_id{but})"
            ));
        }
        if written {
            let names: Vec<&str> =
                super::layout::IDENTIFIERS.iter().map(|(name, _)| *name).filter(|name| *name != "n").collect();
            let columns = names.join(", ");
            let cells = names.iter().map(|name| format!("x.{name}")).collect::<Vec<_>>().join(", ");
            let key = ["tenant", "user_id", "kind", "id"];
            let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = excluded.{name}"));
            let set = set.collect::<Vec<_>>().join(", ");
            self.push(&format!(
                ", i_w AS (INSERT INTO {{t}}identity_identifiers ({columns}) SELECT {cells} FROM i x WHERE {WRITTEN} \
                 ON CONFLICT (tenant, user_id, kind, id) DO UPDATE SET {set})"
            ));
        }
    }

    fn profiles(&mut self, profiles: Rows<'a>) {
        if self.rows("p", profiles) {
            self.push(&format!(
                ", p_w AS (INSERT INTO {{t}}identity_profiles (tenant, user_id, claims, public_data, private_data, \
                 credentials, sign_ins) SELECT x.tenant, x.user_id, x.claims, x.public_data, x.private_data, \
                 x.credentials, x.sign_ins FROM p x WHERE {WRITTEN} ON CONFLICT (tenant, user_id) DO UPDATE SET \
                 claims = excluded.claims, public_data = excluded.public_data, private_data = excluded.private_data, \
                 credentials = excluded.credentials, sign_ins = excluded.sign_ins)"
            ));
        }
    }

    fn events(&mut self, events: Rows<'a>) {
        if self.rows("e", events) {
            self.push(&format!(
                ", e_w AS (INSERT INTO {{t}}identity_events (tenant, user_id, number, format, at, actor, type, change, \
                 commit_id) SELECT x.tenant, x.user_id, x.number, x.format, x.at, x.actor, x.type, x.change, x.commit_id \
                 FROM e x WHERE {WRITTEN})"
            ));
        }
    }

    fn withdrawn(&mut self, withdrawn: Rows<'a>) {
        if self.rows("wd", withdrawn) {
            // Not in the words of the partial index of due messages: to read all of that looks cheapest while it is empty.
            self.push(&format!(
                ", wd_w AS (DELETE FROM {{t}}identity_outbox o USING wd x WHERE {WRITTEN} AND o.tenant = x.tenant \
                 AND o.user_id = x.user_id AND o.identifier = x.identifier \
                 AND coalesce(o.sent_at, o.failed_at) IS NULL AND o.lease IS NULL)"
            ));
        }
    }

    fn messages(&mut self, messages: Rows<'a>, draws: Draws) {
        if self.rows("m", messages) {
            let paid = if draws.plain || draws.intricate { format!(" AND NOT ({WITHHELD})") } else { String::new() };
            self.push(&format!(
                ", m_w AS (INSERT INTO {{t}}identity_outbox (tenant, user_id, id, format, channel, address, typed, content, \
                 locale, created_at, expires_at, due_at, attempts, identifier) SELECT x.tenant, x.user_id, x.id, x.format, x.channel, \
                 x.address, x.typed, x.content, x.locale, x.created_at, x.expires_at, x.created_at, 0, x.identifier \
                 FROM m x WHERE {WRITTEN}{paid})"
            ));
        }
    }

    /// One row for each commit and one for each charge; and the end of the statement when fewer rows were written than should
    /// have been.
    fn answer(mut self, claims: bool, draws: Draws) -> Sql<'a> {
        let taken = if claims { "(SELECT tk.i FROM tk WHERE tk.n = v.n)" } else { "NULL::int8" };
        self.push(&format!(
            " SELECT 1 AS part, v.n, v.fits AS well, NOT v.fits AND EXISTS (SELECT 1 FROM c JOIN {{t}}identity_events e \
             ON e.tenant = c.tenant AND e.user_id = c.id AND e.number = c.first AND e.commit_id = c.commit_id \
             WHERE c.n = v.n) AS before, {taken} AS i, NULL::int8 AS began_at, NULL::int8 AS drawn, v.free FROM v"
        ));
        if draws.plain {
            self.push(" UNION ALL SELECT 2, j.n, j.fits, j.open, j.i, j.began_at, j.drawn, NULL FROM j");
        }
        if draws.intricate {
            self.push(" UNION ALL SELECT 2, l.n, l.fits, l.open, l.i, l.began_at, l.drawn, NULL FROM l WHERE l.i > 0");
        }
        let (due, done) = (self.due.join(" + "), self.done.join(" + "));
        if !due.is_empty() {
            // A text that is not a number ends the statement.
            self.push(&format!(
                " UNION ALL SELECT (CASE WHEN {due} = {done} THEN '3' ELSE '{RACED}' END)::int4, \
                 0, NULL, NULL, NULL, NULL, NULL, NULL"
            ));
        }
        self.sql
    }
}
