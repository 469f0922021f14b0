//! The statements.

use std::time::Duration;

use identity::{Address, Channel, UserId};
use identity_sqlite::rusqlite::{OptionalExtension as _, Params, Result, Row, params};
use uuid::Uuid;

use super::{ByHand, Call};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// What a change reads.
pub(super) struct Known {
    pub(super) version: i64,
    pub(super) identifiers: Vec<Line>,
}

/// An address of a user.
pub(super) struct Line {
    pub(super) id: [u8; 16],
    pub(super) kind: String,
    pub(super) address: String,
    pub(super) verified_at: Option<i64>,
    pub(super) failed_in_a_row: u32,
    pub(super) sent_at: Option<String>,
    pub(super) nonce: Option<[u8; 16]>,
    pub(super) expires_at: Option<i64>,
    pub(super) tries: Option<u8>,
    pub(super) failed: Option<u8>,
}

impl Line {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            address: row.get(2)?,
            verified_at: row.get(3)?,
            failed_in_a_row: row.get(4)?,
            sent_at: row.get(5)?,
            nonce: row.get(6)?,
            expires_at: row.get(7)?,
            tries: row.get(8)?,
            failed: row.get(9)?,
        })
    }
}

pub(super) fn id(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

/// The JSON of a challenge, as the library keeps it in events and messages.
pub(super) fn challenge(nonce: [u8; 16], key: &str, issued_at: i64, expires_at: i64) -> String {
    format!(
        r#"{{"nonce":{},"key":"{key}","purpose":"verification","proof":"code","format":{{"length":6,"alphabet":"digits"}},"issued_at":{issued_at},"expires_at":{expires_at},"tries":5,"failed":0,"hint":null}}"#,
        format!("{nonce:?}").replace(' ', "")
    )
}

impl ByHand {
    fn write(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.connection.prepare_cached(sql)?.execute(params)
    }

    pub(super) fn known(&self, user: &UserId) -> Result<Known> {
        let key = params![self.tenant.as_str(), user.as_str()];
        let version = self
            .connection
            .prepare_cached("SELECT version FROM identity_users WHERE tenant = ?1 AND id = ?2")?
            .query_row(key, |row| row.get(0))?;
        let mut statement = self.connection.prepare_cached(
            "SELECT id, kind, address, verified_at, failed_in_a_row, sent_at, challenge_nonce, challenge_expires_at, \
             challenge_tries, challenge_failed FROM identity_identifiers WHERE tenant = ?1 AND user_id = ?2",
        )?;
        let identifiers = statement.query_map(key, Line::read)?.collect::<Result<_>>()?;
        Ok(Known { version, identifiers })
    }

    /// The whole user, as the page that shows it needs it.
    pub(super) fn whole(&self, user: &UserId) -> Result<(Known, Vec<String>)> {
        let known = self.known(user)?;
        let key = params![self.tenant.as_str(), user.as_str()];
        let row = |row: &Row<'_>| {
            let (created, updated): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (disabled, email, phone): (bool, Option<[u8; 16]>, Option<[u8; 16]>) =
                (row.get(2)?, row.get(3)?, row.get(4)?);
            let primary = [email, phone].into_iter().flatten().map(|bytes| id(bytes).to_string());
            Ok(primary.chain([created, updated, disabled.into()].map(|number| number.to_string())).collect())
        };
        let user = self
            .connection
            .prepare_cached(
                "SELECT created_at, updated_at, disabled, primary_email, primary_phone FROM identity_users \
                 WHERE tenant = ?1 AND id = ?2",
            )?
            .query_row(key, row)?;
        let profile = self
            .connection
            .prepare_cached(
                "SELECT claims, public_data, private_data FROM identity_profiles WHERE tenant = ?1 AND user_id = ?2",
            )?
            .query_row(key, |row| row.get::<_, Option<String>>(0))
            .optional()?;
        assert_eq!(profile, None);
        Ok((known, user))
    }
}

impl Call<'_> {
    pub(super) fn insert_user(&self, user: &UserId, version: i64) -> Result<()> {
        let now = self.now.as_micros();
        let changed = self.by_hand.write(
            "INSERT INTO identity_users (tenant, id, version, created_at, updated_at, disabled) \
             VALUES (?1, ?2, ?3, ?4, ?4, 0) ON CONFLICT DO NOTHING",
            params![self.by_hand.tenant.as_str(), user.as_str(), version, now],
        )?;
        assert_eq!(changed, 1, "the user exists");
        Ok(())
    }

    /// The version check.
    pub(super) fn advance(&self, user: &UserId, version: i64) -> Result<()> {
        let changed = self.by_hand.write(
            "UPDATE identity_users SET version = ?3 + 1, updated_at = ?4 WHERE tenant = ?1 AND id = ?2 AND version = ?3",
            params![self.by_hand.tenant.as_str(), user.as_str(), version, self.now.as_micros()],
        )?;
        assert_eq!(changed, 1, "a conflict");
        Ok(())
    }

    pub(super) fn make_primary(&self, user: &UserId, version: i64, phone: [u8; 16]) -> Result<()> {
        let changed = self.by_hand.write(
            "UPDATE identity_users SET version = ?3 + 1, updated_at = ?4, primary_phone = ?5 \
             WHERE tenant = ?1 AND id = ?2 AND version = ?3",
            params![self.by_hand.tenant.as_str(), user.as_str(), version, self.now.as_micros(), phone],
        )?;
        assert_eq!(changed, 1, "a conflict");
        Ok(())
    }

    pub(super) fn insert_identifier(&self, user: &UserId, id: [u8; 16], address: &Address, at: i64) -> Result<()> {
        let (tenant, now) = (self.by_hand.tenant.as_str(), self.now.as_micros());
        let key = address.claim_key();
        let changed = self.by_hand.write(
            "INSERT INTO identity_identifiers (tenant, user_id, kind, id, position, address, claim_key, claim_rule, \
             unrestricted, added_at, failed_in_a_row) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, 0)",
            params![
                tenant,
                user.as_str(),
                address.channel().as_str(),
                id,
                at,
                address.as_str(),
                key.as_str(),
                key.rule(),
                now
            ],
        )?;
        assert_eq!(changed, 1);
        Ok(())
    }

    pub(super) fn challenge(&self, user: &UserId, line: &Line, nonce: [u8; 16], expires_at: i64) -> Result<()> {
        let (tenant, now) = (self.by_hand.tenant.as_str(), self.now.as_micros());
        let changed = self.by_hand.write(
            "UPDATE identity_identifiers SET sent_at = ?5, challenge_nonce = ?6, challenge_key = ?7, \
             challenge_purpose = 'verification', challenge_proof = 'code', challenge_length = 6, \
             challenge_alphabet = 'digits', challenge_issued_at = ?8, challenge_expires_at = ?9, challenge_tries = 5, \
             challenge_failed = 0 WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND id = ?4",
            params![
                tenant,
                user.as_str(),
                line.kind,
                line.id,
                format!("[{now}]"),
                nonce,
                self.by_hand.keys.current().as_str(),
                now,
                expires_at
            ],
        )?;
        assert_eq!(changed, 1);
        Ok(())
    }

    /// The address is verified, its challenge ended, and the address claimed.
    pub(super) fn verify(&self, user: &UserId, line: &Line, by: &str) -> Result<()> {
        let (tenant, now) = (self.by_hand.tenant.as_str(), self.now.as_micros());
        let changed = self.by_hand.write(
            "UPDATE identity_identifiers SET verified_at = ?5, verified_by = ?6, failed_in_a_row = 0, failed_at = NULL, \
             challenge_nonce = NULL, challenge_key = NULL, challenge_purpose = NULL, challenge_proof = NULL, \
             challenge_length = NULL, challenge_alphabet = NULL, challenge_issued_at = NULL, \
             challenge_expires_at = NULL, challenge_tries = NULL, challenge_failed = NULL \
             WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND id = ?4",
            params![tenant, user.as_str(), line.kind, line.id, now, by],
        )?;
        assert_eq!(changed, 1);
        if line.nonce.is_some() {
            // What is on its way is not worth sending any more.
            self.by_hand.write(
                "DELETE FROM identity_outbox WHERE tenant = ?1 AND user_id = ?2 AND identifier = ?3 AND lease IS NULL \
                 AND sent_at IS NULL AND failed_at IS NULL",
                params![tenant, user.as_str(), line.id],
            )?;
        }
        let claimed = self.by_hand.write(
            "INSERT INTO identity_claims (tenant, kind, claim_key, claim_rule, user_id, strength) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'verified') ON CONFLICT DO NOTHING",
            params![tenant, line.kind, line.address, 1, user.as_str()],
        )?;
        assert_eq!(claimed, 1, "the address is taken");
        Ok(())
    }

    pub(super) fn event(
        &self,
        user: &UserId,
        number: i64,
        actor: Option<&str>,
        kind: &str,
        change: &str,
    ) -> Result<()> {
        let tenant = self.by_hand.tenant.as_str();
        let written = self.by_hand.write(
            "INSERT INTO identity_events (tenant, user_id, number, format, at, actor, type, change) \
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7)",
            params![tenant, user.as_str(), number, self.now.as_micros(), actor, kind, change],
        )?;
        assert_eq!(written, 1);
        Ok(())
    }

    pub(super) fn message(
        &self,
        user: &UserId,
        to: &Line,
        identifier: Option<[u8; 16]>,
        content: &str,
        life: Duration,
    ) -> Result<()> {
        let (tenant, now) = (self.by_hand.tenant.as_str(), self.now.as_micros());
        let id = self.seed.uuid(self.now, 1_000).into_bytes();
        let written = self.by_hand.write(
            "INSERT INTO identity_outbox (tenant, user_id, id, format, channel, address, content, created_at, \
             expires_at, due_at, attempts, identifier) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?7, 0, ?9)",
            params![
                tenant,
                user.as_str(),
                id,
                to.kind,
                to.address,
                content,
                now,
                (self.now + life).as_micros(),
                identifier
            ],
        )?;
        assert_eq!(written, 1);
        Ok(())
    }

    /// What a code costs.
    pub(super) fn charge_code(&self, to: &Line) -> Result<()> {
        let (keys, tenant) = (&self.by_hand.keys, &self.by_hand.tenant);
        let address = keys.pseudonym(tenant, &to.address);
        self.draw("address", &address, 5, 10 * MINUTE)?;
        self.draw("address_long", &address, 10, DAY)?;
        if to.kind == Channel::Phone.as_str() {
            let block = to.address.get(..to.address.len() - 2).unwrap();
            self.draw("block", &keys.pseudonym(tenant, block), 20, HOUR)?;
        }
        Ok(())
    }

    /// What a notice costs.
    pub(super) fn charge_notice(&self, to: &Line) -> Result<()> {
        self.draw("notices", &self.by_hand.keys.pseudonym(&self.by_hand.tenant, &to.address), 20, DAY)
    }

    fn draw(&self, kind: &str, quota: &str, limit: i64, window: Duration) -> Result<()> {
        let (tenant, now) = (self.by_hand.tenant.as_str(), self.now);
        let open: Option<(i64, i64)> = self
            .by_hand
            .connection
            .prepare_cached(
                "SELECT began_at, drawn FROM identity_quotas WHERE tenant = ?1 AND kind = ?2 AND quota = ?3",
            )?
            .query_row(params![tenant, kind, quota], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let open = open.filter(|(began, _)| now < identity::Timestamp::from_micros(*began) + window);
        let (began, drawn) = open.unwrap_or((now.as_micros(), 0));
        assert!(drawn < limit, "the budget {kind} is used up");
        let ends = (identity::Timestamp::from_micros(began) + window).as_micros();
        self.by_hand.write(
            "INSERT INTO identity_quotas (tenant, kind, quota, began_at, ends_at, drawn) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET began_at = ?4, ends_at = ?5, drawn = ?6",
            params![tenant, kind, quota, began, ends, drawn + 1],
        )?;
        Ok(())
    }
}
