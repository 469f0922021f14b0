//! Attempts to sign in. Nothing is stored of one: the code is derived from when its challenge began, the ticket brings that
//! back, and budgets count.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::{Address, Email, Username, stored};
use crate::base::{IdentifierId, Nonce, TenantId, Timestamp, UserId, UserKey};
use crate::change::{Content, Message, binding};
use crate::decide::{Answer, Context};
use crate::plan::{code_charges, pseudonym};
use crate::policy::{Budget, BudgetKind, Charge, Policy, Refund, WhenExhausted};
use crate::secret::{CodeKeys, KeyId, Purpose, SignInTicket};
use crate::user::{Challenge, ProofBy, Refusal};

/// Whom a code is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Whoever has the address, a user or not.
    Address,
    /// The user of this name, if there is one.
    Username(Username),
    /// A user who is signed in, for one of their own addresses.
    User(UserId, IdentifierId),
}

/// An attempt to sign in, or to show once more that one has an address. All attempts of one challenge have the same code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What the code is for.
    pub purpose: Purpose,
    /// Whom it is asked for.
    pub subject: Subject,
    /// Where it goes; [`nowhere`](Self::nowhere) for a username until its code is answered.
    #[serde(with = "stored")]
    pub to: Address,
    /// The answers that the attempt accepts.
    pub proof: ProofBy,
    /// When the challenge began.
    pub begun: Timestamp,
    /// How many codes of the challenge were used before: each that is used is followed by another one.
    pub round: u32,
}

impl Attempt {
    /// The address in the place of that of a username's user, whom only the delivery looks up. No message is sent to it.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`] never: the address is well-formed.
    pub fn nowhere(name: &Username, tenant: &TenantId, keys: &CodeKeys) -> Result<Address, Refusal> {
        let local = keys.pseudonym(tenant, &format!("nobody {}", name.claim_key().as_str()));
        Email::parse(&format!("{local}@sign-in.invalid")).map(Address::from).map_err(|_| Refusal::UserNotFound)
    }

    /// The ticket for the client that asked.
    #[must_use]
    pub fn ticket(&self, nonce: Nonce, context: &Context<'_>) -> SignInTicket {
        context.keys.seal(context.tenant, nonce, serde_json::to_vec(self).unwrap_or_default())
    }

    /// The attempt of a ticket with the name of its key and its nonce; `None` when the ticket is none of this tenant.
    #[must_use]
    pub fn open(ticket: &SignInTicket, tenant: &TenantId, keys: &CodeKeys) -> Option<(Self, KeyId, Nonce)> {
        let (key, nonce, body) = keys.open(tenant, ticket)?;
        Some((serde_json::from_slice(&body).ok()?, key, nonce))
    }

    /// The challenge, made with this key.
    #[must_use]
    pub fn challenge(&self, key: KeyId, policy: &Policy) -> Challenge {
        let mut nonce = [0; 16];
        let parts = self.begun.as_micros().to_be_bytes().into_iter().chain(u64::from(self.round).to_be_bytes());
        nonce.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        Challenge {
            nonce: Nonce::from_bytes(nonce),
            key,
            purpose: self.purpose,
            proof: self.proof,
            format: policy.verification().format(),
            issued_at: self.begun,
            expires_at: self.begun + policy.sign_in().life(),
            tries: policy.verification().tries(),
            failed: 0,
            hint: None,
        }
    }

    /// Whether an answer is right. It is compared in constant time.
    ///
    /// # Errors
    /// [`Refusal::KeyGone`] when the key is no longer configured.
    pub fn is_right(&self, answer: Answer<'_>, challenge: &Challenge, context: &Context<'_>) -> Result<bool, Refusal> {
        let (user, identifier) = self.holder(context.tenant, context.keys);
        let binding = binding(context.tenant, &user, identifier, &self.to, challenge);
        let right = match answer {
            Answer::Code(code) => context.keys.code(&binding, challenge.format).map(|right| right.matches(code)),
            Answer::Link(token) => context.keys.link(&binding).map(|right| right.matches(token)),
        };
        right.map(bool::from).ok_or(Refusal::KeyGone)
    }

    /// The message with the code or the link. That of a username has the name for its hint, and is not sent: the delivery reads
    /// it [back](Self::by_name), and sends the one that is [addressed](Self::addressed).
    #[must_use]
    pub fn message(&self, context: &Context<'_>) -> Message {
        let mut challenge = self.challenge(context.keys.current().clone(), context.policy);
        if let Subject::Username(name) = &self.subject {
            challenge.hint = Some(name.typed().into());
        }
        let (user, identifier) = self.holder(context.tenant, context.keys);
        Message {
            id: context.seed.uuid(context.now, 1_000).into(),
            key: UserKey { tenant: context.tenant.clone(), user },
            to: self.to.clone(),
            expires_at: challenge.expires_at,
            content: Content::Challenge { identifier, challenge },
            locale: None,
            created_at: context.now,
        }
    }

    /// The name of a message that is for the user of a name, and its attempt; `None` for any other message.
    #[must_use]
    pub fn by_name(message: &Message) -> Option<(Username, Self)> {
        let Content::Challenge { challenge, .. } = &message.content else { return None };
        let hint = challenge.hint.as_deref().filter(|_| challenge.purpose == Purpose::SignIn)?;
        let name = Username::parse(hint).ok()?;
        let round = u128::from_be_bytes(*challenge.nonce.as_bytes()) & u128::from(u32::MAX);
        let attempt = Self {
            purpose: challenge.purpose,
            subject: Subject::Username(name.clone()),
            to: message.to.clone(),
            proof: challenge.proof,
            begun: challenge.issued_at,
            round: u32::try_from(round).unwrap_or_default(),
        };
        Some((name, attempt))
    }

    /// The message of a name, to the address of its user. Its id follows from the other's, so that to enqueue it twice is to
    /// enqueue it once.
    #[must_use]
    pub fn addressed(message: &Message, to: Address) -> Message {
        let mut message = Message { to, ..message.clone() };
        message.id = Uuid::from_u128(message.id.as_uuid().as_u128() ^ 1).into();
        if let Content::Challenge { challenge, .. } = &mut message.content {
            challenge.hint = None;
        }
        message
    }

    /// Whose messages they are: the user's, or those of a name that is made of what was typed and that no user has.
    fn holder(&self, tenant: &TenantId, keys: &CodeKeys) -> (UserId, IdentifierId) {
        if let Subject::User(user, identifier) = &self.subject {
            return (user.clone(), *identifier);
        }
        let name = keys.pseudonym(tenant, &self.named("visitor"));
        let number = Uuid::from_u128(u128::from_str_radix(&name, 16).unwrap_or_default());
        (UserId::from(number), IdentifierId::from_uuid(number))
    }

    /// What is counted for the subject, in words that no other count has.
    fn named(&self, what: &str) -> String {
        let purpose = self.purpose.as_str();
        match &self.subject {
            Subject::Address => format!("{purpose} {what} at {}", self.to.as_str()),
            Subject::Username(name) => format!("{purpose} {what} as {}", name.as_str()),
            Subject::User(user, identifier) => format!("{purpose} {what} for {identifier} of {user}"),
        }
    }

    fn count(&self, what: &str, limit: u64, window: Duration, context: &Context<'_>) -> Charge {
        Charge {
            kind: BudgetKind::SignIn,
            quota: context.keys.pseudonym(context.tenant, &self.named(what)),
            amount: 1,
            budget: Budget::new(limit, window),
            at: context.now,
            when_exhausted: WhenExhausted::Refuse,
        }
    }

    /// What is guessed at: all spellings of an address or a name together, or each of them could be tried.
    fn guessed_at(&self) -> String {
        let purpose = self.purpose.as_str();
        match &self.subject {
            Subject::Address => format!("{purpose} guess at {}", self.to.claim_key().as_str()),
            Subject::Username(name) => format!("{purpose} guess as {}", name.claim_key().as_str()),
            Subject::User(user, _) => format!("{purpose} guess for {user} at {}", self.to.claim_key().as_str()),
        }
    }

    fn of_challenge(&self, what: &str) -> String {
        format!("{what} {} {}", self.begun.as_micros(), self.round)
    }

    /// What the beginning of a challenge draws: one at a time, for half of its life. Exhausted, its window began with the
    /// present challenge.
    #[must_use]
    pub fn begins(&self, context: &Context<'_>) -> Charge {
        self.count("challenge", 1, context.policy.sign_in().life() / 2, context)
    }

    /// What the use of the challenge draws: it works once.
    #[must_use]
    pub fn uses(&self, context: &Context<'_>) -> Charge {
        self.count(&self.of_challenge("use"), 1, 2 * context.policy.sign_in().life(), context)
    }

    /// What a message draws: first the one that comes between two messages of a challenge, then what it [costs](Self::costs). Of a
    /// username only the messages are counted here: what its user's address costs is drawn when that is known.
    #[must_use]
    pub fn sends(&self, context: &Context<'_>) -> Vec<Charge> {
        let wait = context.policy.verification().resend_wait();
        let mut charges = self.costs(&self.to, context);
        if let Subject::Username(_) = &self.subject {
            charges.retain(is_of_address);
        }
        charges.insert(0, self.count(&self.of_challenge("message"), 1, wait, context));
        charges
    }

    /// What a message to an address draws, as every code does.
    #[must_use]
    pub fn costs(&self, to: &Address, context: &Context<'_>) -> Vec<Charge> {
        let own = format!("{} ", self.purpose.as_str());
        let codes = code_charges(to, context.now, context).into_iter().map(|mut charge| {
            if is_of_address(&charge) {
                // Who asks for codes to sign in uses up none of those that verify.
                charge.quota = pseudonym(to, &own, context);
            }
            if charge.when_exhausted == WhenExhausted::Record {
                // Without a commit every charge refuses: one that only records has room for all.
                charge.budget.limit = u64::MAX;
            }
            Charge { when_exhausted: WhenExhausted::Refuse, ..charge }
        });
        codes.collect()
    }

    /// What is drawn before the code of a username goes to an address: an amount that is made of the address, and that is all there
    /// is. So the code goes to no second address, and what was drawn tells whether it went to this one.
    #[must_use]
    pub fn goes_to(&self, to: &Address, context: &Context<'_>) -> Charge {
        let number = context.keys.pseudonym(context.tenant, &format!("code goes to {}", to.as_str()));
        let amount = u64::from_str_radix(number.get(..15).unwrap_or_default(), 16).unwrap_or_default().max(1);
        let life = 2 * context.policy.sign_in().life();
        Charge { amount, ..self.count(&self.of_challenge("address"), amount, life, context) }
    }

    /// What a guess draws: of the ticket, of the challenge with all its tickets, and of the address in a day.
    #[must_use]
    pub fn guesses(&self, ticket: &Nonce, context: &Context<'_>) -> [Charge; 3] {
        let (policy, life) = (context.policy.verification(), 2 * context.policy.sign_in().life());
        let tries = u64::from(policy.tries());
        let of_ticket = format!("guess with {:032x}", u128::from_be_bytes(*ticket.as_bytes()));
        let budget = policy.guesses();
        [
            self.count(&of_ticket, tries, life, context),
            self.count(&self.of_challenge("guess"), TICKETS * tries, life, context),
            Charge {
                kind: BudgetKind::Guesses,
                quota: context.keys.pseudonym(context.tenant, &self.guessed_at()),
                ..self.count("guess", budget.limit, budget.window, context)
            },
        ]
    }

    /// What the budgets get back for a right answer.
    #[must_use]
    pub fn refunds(&self, context: &Context<'_>) -> Vec<Refund> {
        let (Some(conversion), Address::Phone(phone)) = (context.policy.send().conversion(), &self.to) else {
            return Vec::new();
        };
        let (quota, amount) = (format!("+{}", phone.country_code()), conversion.share());
        vec![Refund { kind: BudgetKind::Conversion, quota, amount, at: context.now }]
    }
}

/// How many tickets of a challenge may be guessed with in vain before none of it accepts a code.
const TICKETS: u64 = 4;

fn is_of_address(charge: &Charge) -> bool {
    matches!(charge.kind, BudgetKind::Address | BudgetKind::AddressLong)
}
