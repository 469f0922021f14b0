//! Signing in by code or link.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use identity_core::policy::Unknown;
use identity_core::{
    Actor, Address, Answer, Attempt, BudgetKind, Charge, Code, Content, Context, Email, Exhausted, Funding,
    IdentifierId, LinkToken, Message, Method, NewAddress, NewUser, Outgoing, Phone, ProofBy as By, Purpose, Refund,
    Refusal, SendLimit, SignInTicket, Subject, TenantId, Timestamp, User, UserId, Username, UsernameError,
    WhenExhausted,
};
use identity_ports::{CommitError, StoreError};

use crate::run::tell;
use crate::{Account, Error, HolderError, Identity, Receipt};

/// What a person types to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// An e-mail address or a phone number.
    Address(Address),
    /// A username.
    Username(Username),
}

impl Login {
    /// Reads an e-mail address, a phone number in international form or a username, whichever fits first. White space before
    /// and after it, which keyboards of phones add, is left out. For a field that takes no usernames, and for national phone
    /// numbers, there is [`Address::parse`].
    ///
    /// # Errors
    /// [`UsernameError`] when the text is none of them.
    ///
    /// ```
    /// use identity::sign_in::Login;
    /// assert!(matches!(Login::parse("ada@example.com")?, Login::Address(_)));
    /// assert!(matches!(Login::parse("+44 1514 960453")?, Login::Address(_)));
    /// assert!(matches!(Login::parse("ada ")?, Login::Username(_)));
    /// assert!(Login::parse("").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        match Address::parse(text, None) {
            Ok(address) => Ok(Self::Address(address)),
            Err(_) => Username::parse(text.trim()).map(Self::Username),
        }
    }
}

impl From<Address> for Login {
    fn from(address: Address) -> Self {
        Self::Address(address)
    }
}

impl From<Email> for Login {
    fn from(email: Email) -> Self {
        Self::Address(email.into())
    }
}

impl From<Phone> for Login {
    fn from(phone: Phone) -> Self {
        Self::Address(phone.into())
    }
}

impl From<Username> for Login {
    fn from(username: Username) -> Self {
        Self::Username(username)
    }
}

/// How a code is asked for. The default is a code, in the language of the user's profile.
#[derive(Debug, Clone, Default)]
pub struct SignInRequest {
    /// Whether one signs in by code, by link, or by either.
    pub by: By,
    /// The language of the page as a BCP 47 tag; the profile's when absent.
    pub locale: Option<Arc<str>>,
}

/// The answer to whoever asked for a code, the same for a known and an unknown address.
#[derive(Debug, Clone)]
pub struct SignInStarted {
    /// The ticket for the client.
    pub ticket: SignInTicket,
    /// Until when the code is valid at least.
    pub expires_at: Timestamp,
    /// When it is worth asking for another message.
    pub resend_at: Timestamp,
}

/// The use cases of signing in: [`Identity::sign_in`]. The manual's page [sign-in](crate::manual::sign_in) has the threats.
///
/// Every method fails with [`HolderError::Store`] when the store fails and with [`HolderError::Entropy`] when the source of
/// randomness does.
#[derive(Debug, Clone)]
pub struct SignIn {
    identity: Identity,
}

impl Identity {
    /// Signing in by code or link, with a user or without one.
    #[must_use]
    pub fn sign_in(&self) -> SignIn {
        SignIn { identity: self.clone() }
    }
}

impl SignIn {
    /// Sends a code to an address, or to the primary address of the user of this name.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub async fn start(&self, login: impl Into<Login>) -> Result<SignInStarted, HolderError> {
        self.start_with(login, &SignInRequest::default()).await
    }

    /// Sends a code, a link or both to an address, or to the primary address of the user of this name, which is an e-mail
    /// address if there is one.
    ///
    /// Whoever asks for the same address shortly afterwards gets a ticket of their own for the same code, and no second message
    /// before [`resend_wait`](crate::policy::VerificationPolicy::resend_wait) has passed. Nobody
    /// looks up here whether an address or a username is known: the worker that delivers the message does. When a budget of the
    /// address has no room, or for a username any budget, nothing is sent, and the answer is the same.
    ///
    /// # Errors
    /// [`PublicRefusal::TooSoon`](crate::PublicRefusal::TooSoon) when a budget of the country, of the tenant or of money has no
    /// room, or eight codes were used within half of their life.
    /// [`PublicRefusal::AdministratorOnly`](crate::PublicRefusal::AdministratorOnly) for `ProofBy::Issued`.
    pub async fn start_with(
        &self,
        login: impl Into<Login>,
        request: &SignInRequest,
    ) -> Result<SignInStarted, HolderError> {
        let login = login.into();
        let work = pin!(self.identity.start_attempt(login, request));
        Ok(self.identity.told("sign_in.start", work, |_| {}).await?)
    }

    /// Judges a code that the person typed. `None`: it is wrong, or the user is disabled.
    ///
    /// # Errors
    /// [`PublicRefusal::NoChallenge`](crate::PublicRefusal::NoChallenge) when the ticket is none of this tenant, five codes were
    /// judged with it, it is not for a code, or the code was used: start again.
    /// [`PublicRefusal::Expired`](crate::PublicRefusal::Expired), [`PublicRefusal::KeyGone`](crate::PublicRefusal::KeyGone), and
    /// [`PublicRefusal::TooManyFailures`](crate::PublicRefusal::TooManyFailures) when too many codes were judged for the challenge
    /// or the address.
    pub async fn confirm(&self, ticket: &SignInTicket, code: &Code) -> Result<Option<Proof>, HolderError> {
        self.judge(ticket, Answer::Code(code)).await
    }

    /// Judges the token of a link that the person opened in the client that has the ticket. Call it when they press the button of
    /// the page that the link opens, never when the page is shown: mail scanners open links too.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm). A link is not counted as a guess.
    pub async fn confirm_link(&self, ticket: &SignInTicket, token: &LinkToken) -> Result<Option<Proof>, HolderError> {
        self.judge(ticket, Answer::Link(token)).await
    }

    async fn judge(&self, ticket: &SignInTicket, answer: Answer<'_>) -> Result<Option<Proof>, HolderError> {
        let work = pin!(self.identity.judge_attempt(ticket, answer, |attempt| attempt.purpose == Purpose::SignIn));
        Ok(self.identity.told("sign_in.confirm", work, |_| {}).await?)
    }
}

impl Account {
    /// Sends a code to a verified address of the user, who is signed in, so that they show once more that they have it: before
    /// something dangerous.
    ///
    /// # Errors
    /// [`PublicRefusal::IdentifierNotFound`](crate::PublicRefusal::IdentifierNotFound),
    /// [`PublicRefusal::NotVerified`](crate::PublicRefusal::NotVerified), and as [`SignIn::start_with`].
    pub async fn step_up(&self, id: IdentifierId) -> Result<SignInStarted, HolderError> {
        let (identity, user) = (&self.identity, &self.key.user);
        let work = pin!(async {
            let (_, stored) = identity.load(&self.key).await?.ok_or(Refusal::UserNotFound)?;
            let entry = stored.user.identifier(id).ok_or(Refusal::IdentifierNotFound)?;
            if stored.user.is_disabled() {
                return Err(Refusal::Disabled.into());
            }
            if !entry.is_verified() {
                return Err(Refusal::NotVerified.into());
            }
            let subject = Subject::User(user.clone(), id);
            let request = SignInRequest { locale: locale(&stored.user), ..SignInRequest::default() };
            identity.challenge(Purpose::StepUp, subject, entry.address.clone(), &request).await
        });
        Ok(identity.told("account.step_up", work, |_| {}).await?)
    }

    /// Judges the code that [`step_up`](Self::step_up) sent. The proof names this user.
    ///
    /// # Errors
    /// As [`SignIn::confirm`]; [`PublicRefusal::NoChallenge`](crate::PublicRefusal::NoChallenge) also for the ticket of another
    /// user or of a sign-in.
    pub async fn confirm_step_up(&self, ticket: &SignInTicket, code: &Code) -> Result<Option<Proof>, HolderError> {
        let is_mine = |attempt: &Attempt| matches!(&attempt.subject, Subject::User(user, _) if *user == self.key.user);
        let work = pin!(self.identity.judge_attempt(ticket, Answer::Code(code), is_mine));
        Ok(self.identity.told("account.confirm_step_up", work, |_| {}).await?)
    }
}

/// How many codes of a subject may be used within half of a code's life, and how often a user is looked for who was created at
/// the same time.
const ROUNDS: u32 = 8;

/// Who has an address verified.
enum Holder {
    Nobody,
    One(Arc<User>),
    Several,
}

impl Identity {
    async fn start_attempt(&self, login: Login, request: &SignInRequest) -> Result<SignInStarted, Error> {
        match login {
            Login::Address(address) => self.challenge(Purpose::SignIn, Subject::Address, address, request).await,
            Login::Username(name) => {
                let nowhere = Attempt::nowhere(&name, &self.tenant, &self.parts.keys)?;
                self.challenge(Purpose::SignIn, Subject::Username(name), nowhere, request).await
            }
        }
    }

    /// Joins the present challenge of a subject, or begins one, and sends its message to this address.
    async fn challenge(
        &self,
        purpose: Purpose,
        subject: Subject,
        to: Address,
        request: &SignInRequest,
    ) -> Result<SignInStarted, Error> {
        if request.by == By::Issued {
            return Err(Refusal::AdministratorOnly.into());
        }
        let (seed, now, policy) = (self.parts.entropy.seed()?, self.now(), self.policy());
        let context = self.context(now, &seed, &policy, &Actor::Holder, Funding::Shared);
        let mut attempt = Attempt { purpose, subject, to, proof: request.by, begun: now, round: 0 };
        if let Some(running) = self.draw(&[], &[attempt.begins(&context)]).await? {
            attempt.begun = running.retry_at - running.window;
            while self.drawn(attempt.uses(&context)).await? > 0 {
                attempt.round += 1;
                if attempt.round == ROUNDS {
                    return Err(Refusal::TooSoon { retry_at: running.retry_at, limit: SendLimit::Window }.into());
                }
            }
        }
        let mut message = attempt.message(&context);
        message.locale.clone_from(&request.locale);
        match self.pays(&attempt.sends(&context), &message).await? {
            None => self.post(message).await?,
            // A message is on its way.
            Some(exhausted) if exhausted.kind == BudgetKind::SignIn => {}
            Some(exhausted) if exhausted.kind.is_shared() || exhausted.effect == WhenExhausted::Withhold => {
                self.tell_of_withheld(exhausted);
            }
            Some(exhausted) => {
                tell(&self.tenant, &exhausted);
                let retry_at = exhausted.retry_at;
                return Err(Refusal::TooSoon { retry_at, limit: SendLimit::Shared(Arc::new(exhausted)) }.into());
            }
        }
        let shown = |at| self.parts.clock.time_of_day(at);
        Ok(SignInStarted {
            ticket: attempt.ticket(seed.nonce(0), &context),
            // By the caller's own time alone: when somebody else began the challenge does not show.
            expires_at: shown(now + policy.sign_in().life() / 2),
            resend_at: shown(now + policy.verification().resend_wait()),
        })
    }

    /// What was drawn of a budget: more than all of it fits in no case, and shows it.
    async fn drawn(&self, charge: Charge) -> Result<u64, Error> {
        let more = Charge { amount: charge.budget.limit.saturating_add(1), ..charge };
        Ok(self.draw(&[], &[more]).await?.map_or(0, |exhausted| exhausted.drawn))
    }

    /// Draws what a message costs, and returns what had no room. What the budgets of all tenants have no room for is withheld.
    async fn pays(&self, charges: &[Charge], message: &Message) -> Result<Option<Exhausted>, Error> {
        if let Some(exhausted) = self.draw(&[], charges).await? {
            return Ok(Some(exhausted));
        }
        let outgoing = Outgoing { message: message.clone(), charges: Vec::new() };
        match self.draw_shared(&[outgoing]).await {
            Ok(_) => Ok(None),
            Err(CommitError::Exhausted(exhausted)) => {
                Ok(Some(Exhausted { effect: WhenExhausted::Withhold, ..exhausted }))
            }
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(other) => Err(StoreError::failed(other).into()),
        }
    }

    async fn post(&self, message: Message) -> Result<(), Error> {
        let id = message.id;
        self.parts.store.enqueue(message).await?;
        self.enqueued(id).await;
        Ok(())
    }

    fn tell_of_withheld(&self, exhausted: Exhausted) {
        tell(&self.tenant, &Exhausted { effect: WhenExhausted::Withhold, ..exhausted });
    }

    async fn judge_attempt(
        &self,
        ticket: &SignInTicket,
        answer: Answer<'_>,
        is_meant: impl Fn(&Attempt) -> bool,
    ) -> Result<Option<Proof>, Error> {
        let (seed, now, policy) = (self.parts.entropy.seed()?, self.now(), self.policy());
        let context = self.context(now, &seed, &policy, &Actor::Holder, Funding::Shared);
        let opened = Attempt::open(ticket, &self.tenant, &self.parts.keys);
        let (mut attempt, key, nonce) = opened.filter(|(attempt, ..)| is_meant(attempt)).ok_or(Refusal::NoChallenge)?;
        // Guesses and uses are counted under the key of the ticket: while a new key is promoted, the first keys of processes
        // differ, and a code works once in all of them together.
        let keys = self.parts.keys.led_by(&key);
        let context = Context { keys: &keys, ..context };
        let challenge = attempt.challenge(key, &policy);
        let (is_offered, method) = match answer {
            Answer::Code(_) => (attempt.proof.by_code(), Method::Code),
            Answer::Link(_) => (attempt.proof.by_link(), Method::Link),
        };
        if !is_offered {
            return Err(Refusal::NoChallenge.into());
        }
        if !challenge.lives(now) {
            return Err(Refusal::Expired.into());
        }
        // A token of 256 bits cannot be guessed. Counting would let strangers use up the guesses of an address with made-up links.
        if matches!(answer, Answer::Code(_)) {
            let guesses = attempt.guesses(&nonce, &context);
            let [of_ticket, ..] = &guesses;
            if let Some(exhausted) = self.draw(&[], &guesses).await? {
                if exhausted.quota == of_ticket.quota {
                    return Err(Refusal::NoChallenge.into());
                }
                tell(&self.tenant, &exhausted);
                // The end of the window would tell when others began. A whole window from now there is room in any case.
                return Err(Refusal::TooManyFailures { retry_at: Some(now + exhausted.window) }.into());
            }
        }
        if !attempt.is_right(answer, &challenge, &context)? {
            return Ok(None);
        }
        let user = match &attempt.subject {
            Subject::Address => match self.holder(&attempt.to).await? {
                Holder::One(user) if !user.is_disabled() => Some(user.id().clone()),
                Holder::Nobody if policy.sign_in().unknown() == Unknown::Invite => None,
                _ => return Ok(None),
            },
            Subject::Username(name) => match self.named(name).await? {
                Some((user, address)) => {
                    let went = attempt.goes_to(&address, &context);
                    if self.drawn(went.clone()).await? != went.amount {
                        return Ok(None);
                    }
                    attempt.to = address;
                    Some(user)
                }
                None => return Ok(None),
            },
            Subject::User(user, id) => {
                let stored = self.load(&self.key(user)).await?;
                let has = |user: &Arc<User>| {
                    !user.is_disabled()
                        && user.identifier(*id).is_some_and(|entry| entry.is_verified() && entry.address == attempt.to)
                };
                match stored.map(|(_, stored)| stored.user).filter(has) {
                    Some(user) => Some(user.id().clone()),
                    None => return Ok(None),
                }
            }
        };
        if self.draw(&attempt.refunds(&context), &[attempt.uses(&context)]).await?.is_some() {
            return Err(Refusal::NoChallenge.into());
        }
        let at = self.parts.clock.time_of_day(now);
        let Attempt { to: address, purpose, .. } = attempt;
        Ok(Some(Proof { identity: self.clone(), address, user, at, method, purpose }))
    }

    /// Draws, and returns what had no room.
    async fn draw(&self, refunds: &[Refund], charges: &[Charge]) -> Result<Option<Exhausted>, Error> {
        match self.parts.store.draw(&self.tenant, refunds, charges).await {
            Ok(()) => Ok(None),
            Err(CommitError::Exhausted(exhausted)) => Ok(Some(exhausted)),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(other) => Err(StoreError::failed(other).into()),
        }
    }

    /// Who has an address verified. A user who has it unverified, or another name in its form, is nobody.
    async fn holder(&self, address: &Address) -> Result<Holder, Error> {
        let key = address.claim_key();
        let found = self.parts.store.find(&self.tenant, std::slice::from_ref(&key)).await?;
        let mut users = found.into_iter().filter(|found| found.verified && found.key == key).map(|found| found.user);
        let Some(first) = users.next() else { return Ok(Holder::Nobody) };
        if users.any(|user| user != first) {
            return Ok(Holder::Several);
        }
        let stored = self.parts.store.load(&self.key(&first)).await?.map(|stored| stored.user);
        // Between the two calls the address may have been lost.
        let has =
            |user: &Arc<User>| user.identifiers().any(|entry| entry.is_verified() && entry.address.claim_key() == key);
        Ok(stored.filter(has).map_or(Holder::Nobody, Holder::One))
    }

    /// The user of a name and the address to which codes go.
    async fn named(&self, name: &Username) -> Result<Option<(UserId, Address)>, Error> {
        let key = name.claim_key();
        let found = self.parts.store.find(&self.tenant, std::slice::from_ref(&key)).await?;
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        let stored = self.parts.store.load(&self.key(&found.user)).await?;
        let user = stored.map(|stored| stored.user).filter(|user| !user.is_disabled());
        Ok(user.and_then(|user| {
            let is_named = user.username().is_some_and(|entry| entry.username.claim_key() == key);
            let mut primary = [user.primary_email(), user.primary_phone()].into_iter().flatten();
            let entry = primary.find(|entry| entry.is_verified() && is_named)?;
            Some((user.id().clone(), entry.address.clone()))
        }))
    }

    /// Sends a message that is for the user of a name on to the user's address, and draws what that costs. `false`: it goes to
    /// nobody. Whoever asked for it did none of this, or the time of the answer would show whether there is such a user.
    pub(crate) async fn send_on(&self, message: &Message, name: &Username, attempt: &Attempt) -> Result<bool, Error> {
        let identity = self.for_tenant(message.key.tenant.clone());
        let Some((_, address)) = identity.named(name).await? else { return Ok(false) };
        let (seed, now, policy) = (identity.parts.entropy.seed()?, identity.now(), identity.policy());
        let Content::Challenge { challenge, .. } = &message.content else { return Ok(false) };
        let keys = identity.parts.keys.led_by(&challenge.key);
        let context = identity.context(now, &seed, &policy, &Actor::Holder, Funding::Shared);
        let context = Context { keys: &keys, ..context };
        let goes = attempt.goes_to(&address, &context);
        let amount = goes.amount;
        if identity.draw(&[], &[goes]).await?.is_some_and(|gone| gone.drawn != amount) {
            return Ok(false);
        }
        let costs = attempt.costs(&address, &context);
        let message = Attempt::addressed(message, address);
        if let Some(exhausted) = identity.pays(&costs, &message).await? {
            identity.tell_of_withheld(exhausted);
            return Ok(false);
        }
        identity.post(message).await?;
        Ok(true)
    }

    /// The message of a sign-in as it may be delivered now: to the address as its user wrote it, in the language of the user.
    /// `None` when it goes to nobody: the user is disabled, or strangers get none.
    pub(crate) async fn addressed(&self, message: &Message) -> Result<Option<Message>, Error> {
        let identity = self.for_tenant(message.key.tenant.clone());
        let policy = identity.policy();
        let mut message = message.clone();
        match identity.holder(&message.to).await? {
            Holder::One(user) if user.is_disabled() => return Ok(None),
            Holder::One(user) => {
                let same = |entry: &&identity_core::Identifier| entry.address.claim_key() == message.to.claim_key();
                if let Some(entry) = user.identifiers().find(same) {
                    message.to = entry.address.clone();
                }
                message.locale = message.locale.or_else(|| locale(&user));
            }
            Holder::Nobody => {
                let invites = policy.sign_in().unknown() == Unknown::Invite;
                if !invites || policy.restriction().restricts(&message.to).is_some() {
                    return Ok(None);
                }
            }
            Holder::Several => return Ok(None),
        }
        Ok(Some(message))
    }
}

fn locale(user: &User) -> Option<Arc<str>> {
    user.profile().locale().map(Into::into)
}

/// The proof that a person has an address now: they answered the code or the link that was sent to it. It exists once for each
/// code. `Debug` masks the address.
///
/// It is no session. What to put into one is on the manual's page [sign-in](crate::manual::sign_in).
#[derive(Clone)]
#[must_use = "a proof that nobody looks at signs nobody in"]
pub struct Proof {
    identity: Identity,
    address: Address,
    user: Option<UserId>,
    at: Timestamp,
    method: Method,
    purpose: Purpose,
}

impl Proof {
    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        self.identity.tenant()
    }

    /// The address that was shown.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// The user who has the address verified; `None` when there is none.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// When it was shown.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// How it was shown: [`Method::Code`] or [`Method::Link`].
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What it was shown for: [`Purpose::SignIn`], or [`Purpose::StepUp`] by [`Account::confirm_step_up`].
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Renews the evidence of the address: that it was shown at [`at`](Self::at) is kept with the user who has it verified
    /// ([`Identifier::evidence`](crate::Identifier::evidence)). Nothing is written when newer evidence is there.
    ///
    /// # Errors
    /// [`PublicRefusal::UserNotFound`](crate::PublicRefusal::UserNotFound) when nobody has the address,
    /// [`PublicRefusal::IdentifierNotFound`](crate::PublicRefusal::IdentifierNotFound) and
    /// [`PublicRefusal::NotVerified`](crate::PublicRefusal::NotVerified) when the user lost it since, and those of every method of
    /// [`Account`].
    pub async fn renew(&self) -> Result<Receipt<IdentifierId>, HolderError> {
        let user = self.user.as_ref().ok_or(crate::PublicRefusal::UserNotFound)?;
        let decide = |user: &User, context: &Context<'_>| user.renew(&self.address, self.method, self.at, context);
        self.identity.account(user).run("proof.renew", decide).await
    }

    /// The user who has the address verified, or a new one who has it so from the first commit on, with what `new` names besides.
    /// Of many calls at once one creates the user, and all find the same one. A user who has the address unverified gets nothing.
    ///
    /// # Errors
    /// [`PublicRefusal::Disabled`](crate::PublicRefusal::Disabled) when the user is disabled,
    /// [`PublicRefusal::Unavailable`](crate::PublicRefusal::Unavailable) when a restriction keeps the address out or several users
    /// have it, [`PublicRefusal::Resting`](crate::PublicRefusal::Resting) when another user gave an address of the new user up a
    /// short time ago, [`PublicRefusal::UsernameTaken`](crate::PublicRefusal::UsernameTaken), and as
    /// [`Admin::create`](crate::Admin::create).
    pub async fn find_or_create(&self, new: NewUser) -> Result<SignedIn, HolderError> {
        let identity = &self.identity;
        let vouched = NewAddress::from(self.address.clone()).verified().with_verified_source("a code to sign in");
        let addresses = std::iter::once(vouched).chain(new.addresses);
        let new = NewUser { addresses: addresses.collect(), ..new };
        for _ in 0..ROUNDS {
            match identity.holder(&self.address).await? {
                Holder::One(user) if user.is_disabled() => return Err(Refusal::Disabled.public().into()),
                Holder::One(user) => return Ok(SignedIn { user: user.id().clone(), is_new: false }),
                Holder::Several => break,
                Holder::Nobody => {}
            }
            match identity.admin("sign-in").create_heeding(new.clone(), true).await {
                Ok(receipt) => return Ok(SignedIn { user: receipt.outcome, is_new: true }),
                // Somebody was faster.
                Err(Error::Refused(Refusal::Taken(kind))) if kind == self.address.claim_key().kind() => {}
                Err(error) => return Err(error.public()),
            }
        }
        Err(crate::PublicRefusal::Unavailable.into())
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity, address, user, at, method, purpose } = self;
        f.debug_struct("Proof")
            .field("tenant", identity.tenant())
            .field("address", address)
            .field("user", user)
            .field("at", at)
            .field("method", method)
            .field("purpose", purpose)
            .finish()
    }
}

/// The user of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The id of the user.
    pub user: UserId,
    /// Whether the user was created by this call.
    pub is_new: bool,
}
