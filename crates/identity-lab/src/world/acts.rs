//! What each act calls.

use std::sync::Arc;
use std::time::Duration;

use identity::address::Label;
use identity::delivery::{DeliveryState, Report};
use identity::directory::ListOrder;
use identity::directory::ListQuery;
use identity::import::{IdentifierRecord, Imported, Typed, UserRecord, VerifiedRecord};
use identity::sign_in::{Login, Proof, SignInRequest, SignInTicket};
use identity::store::UserKey;
use identity::system::Clock as _;
use identity::user::{JsonObject, MergeConflict, Purpose};
use identity::{
    Address, Code, CodeKeys, Confirmation, Content, Error, Identity, LinkToken, NewAddress, NewUser, Profile,
    ProfileChange, PublicRefusal, Receipt, Refusal, Timestamp, User, UserId, Verification, Version,
};
use serde_json::{Map, Value, json};

use super::model::Attempt;
use super::people::{address, tenant, username};
use super::post::Handed;
use super::run::World;
use super::script::{Act, How, Mark, Pick, Record, Road, TENANTS};
use super::turns::Work;

/// What an act was answered.
pub(super) struct Told {
    /// `ok`, the slug of a refusal, `contended` or `store`.
    pub(super) answer: &'static str,
    pub(super) receipt: Option<(Arc<User>, Version, Timestamp)>,
    pub(super) says: Says,
}

pub(super) enum Says {
    Nothing,
    Judged(Confirmation),
    Issued(String),
    Ticket(SignInTicket),
    Proof(Option<Proof>),
    SignedIn(Proof, UserId),
    Found(Vec<UserId>),
    Rank(Option<u8>),
    Merged(Vec<MergeConflict>),
}

trait Slug {
    fn slug(&self) -> &'static str;
}

impl Slug for Refusal {
    fn slug(&self) -> &'static str {
        self.code()
    }
}

impl Slug for PublicRefusal {
    fn slug(&self) -> &'static str {
        self.code()
    }
}

fn said<T, R: Slug>(answer: Result<T, Error<R>>, says: impl FnOnce(T) -> Says) -> Told {
    let (answer, says) = match answer {
        Ok(answer) => ("ok", says(answer)),
        Err(Error::Refused(refusal)) => (refusal.slug(), Says::Nothing),
        Err(Error::Contended) => ("contended", Says::Nothing),
        Err(_) => ("store", Says::Nothing),
    };
    Told { answer, receipt: None, says }
}

fn done<T, R: Slug>(answer: Result<Receipt<T>, Error<R>>, says: impl FnOnce(T) -> Says) -> Told {
    let receipt = answer.as_ref().ok().map(|done| (Arc::clone(&done.user), done.version, done.at));
    Told { receipt, ..said(answer, |done| says(done.outcome)) }
}

fn quiet<T, R: Slug>(answer: Result<Receipt<T>, Error<R>>) -> Told {
    done(answer, |_| Says::Nothing)
}

fn new(address: Address, how: How) -> NewAddress {
    let new = NewAddress::from(address);
    match how {
        How::Plain => new,
        How::Verified => new.verified(),
        How::Unrestricted => new.unrestricted(),
        How::Unvouched => new.with_verified_source("nobody"),
        How::Long => new.with_source(&"x".repeat(801)),
        How::Nul => new.with_source("\0"),
    }
}

fn object(members: Value) -> Map<String, Value> {
    members.as_object().cloned().unwrap_or_default()
}

fn profile(number: u8) -> ProfileChange {
    let members = match number {
        0..=9 => json!({"name": number, "locale": "en"}),
        10 => json!({"name": "x".repeat(70_000)}),
        11 => (0..40).fold(json!(1), |inner, _| json!({"in": inner})),
        _ => json!({"name": "\0"}),
    };
    ProfileChange { claims: object(members), ..ProfileChange::default() }
}

impl World {
    /// The key of a user: of those with this number, the first one who was not erased.
    pub(super) fn key(&self, user: u8) -> UserKey {
        let key = |life: usize| UserKey {
            tenant: tenant(user % TENANTS),
            user: UserId::parse(&format!("u{user}.{life}")).expect("an id"),
        };
        let erased = |key: &UserKey| self.model.people.get(key).is_some_and(|person| person.erased);
        (0..).map(key).find(|key| !erased(key)).unwrap_or_else(|| key(0))
    }

    fn id(&self, key: &UserKey, address: &Address) -> identity::IdentifierId {
        let nobody = || serde_json::from_str("\"01900000-0000-7000-8000-000000000000\"").expect("an id");
        self.model.id_of(key, address).unwrap_or_else(nobody)
    }

    /// What was handed over for this purpose, oldest first.
    fn came(&self, is_meant: impl Fn(&Handed) -> bool) -> Vec<Handed> {
        self.provider.desk().handed.iter().filter(|handed| is_meant(handed)).cloned().collect()
    }

    fn picked<T: Clone>(
        &self,
        pick: Pick,
        what: impl Fn(&Handed) -> Option<T>,
        is_meant: impl Fn(&Handed) -> bool,
    ) -> Option<T> {
        let all: Vec<T> = match pick {
            Pick::Foreign(_) => self.came(|_| true).iter().filter_map(&what).collect(),
            _ => self.came(is_meant).iter().filter_map(&what).collect(),
        };
        let back = match pick {
            Pick::Newest | Pick::Wrong(_) => 0,
            Pick::Older(back) | Pick::Foreign(back) => usize::from(back),
        };
        all.iter().rev().nth(back).cloned()
    }

    fn code(&self, pick: Pick, is_meant: impl Fn(&Handed) -> bool) -> Code {
        let came = match pick {
            Pick::Wrong(_) => None,
            _ => self.picked(pick, |handed| handed.code.clone(), is_meant),
        };
        let number = if let Pick::Wrong(number) = pick { number } else { 0 };
        // Longer than every code: nobody can hit upon the right one.
        came.unwrap_or_else(|| Code::parse(&format!("90000000{number:03}")).expect("a code"))
    }

    fn link(&self, pick: Pick, is_meant: impl Fn(&Handed) -> bool) -> Option<LinkToken> {
        let link = self.picked(pick, |handed| handed.link.clone(), is_meant)?;
        if !matches!(pick, Pick::Wrong(_)) {
            return Some(link);
        }
        let text = link.reveal();
        // The proof comes first.
        let other = if text.starts_with('A') { 'B' } else { 'A' };
        LinkToken::parse(&format!("{other}{}", text.get(1..)?)).ok()
    }

    /// Begins an act on a process, and notes what somebody answers with it. `None`: nothing is called.
    pub(super) fn begin(&mut self, act: Act, process: usize) -> Option<Work<Told>> {
        let identity = self.processes[process].identity.clone();
        let of = |key: &UserKey| identity.for_tenant(key.tenant.clone());
        let staff = |identity: &Identity| identity.admin("staff");
        Some(match act {
            Act::Create(user, place, verified, name) => {
                let mut key = self.key(user);
                if name >= 10 {
                    key.user = UserId::parse(&format!("u{user}.0")).expect("an id");
                }
                let how = if verified { How::Verified } else { How::Plain };
                let username = (name < 6).then(|| username(name));
                let addresses = vec![new(address(place), how)];
                let request = NewUser {
                    id: Some(key.user.clone()),
                    username,
                    addresses,
                    profile: Profile::default(),
                    source: None,
                };
                let admin = staff(&of(&key));
                Box::pin(async move { quiet(admin.create(request).await) })
            }
            Act::Add(road, user, place, how) => {
                let key = self.key(user);
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.add(address(place)).await),
                        Road::Admin => quiet(admin.add(&key.user, new(address(place), how)).await),
                    }
                })
            }
            Act::Start(road, user, place, proof) => {
                let key = self.key(user);
                let id = self.id(&key, &address(place));
                let life = proof.is_none().then_some(Duration::ZERO);
                let request = Verification { proof: proof.unwrap_or_default(), life, hint: None };
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.start_verification_with(id, &request).await),
                        Road::Admin => quiet(admin.start_verification(&key.user, id, &request).await),
                    }
                })
            }
            Act::Confirm(user, place, pick) => {
                let key = self.key(user);
                let id = self.id(&key, &address(place));
                let issued = self.issued.iter().rev().find(|(of, issued, _)| (of, *issued) == (&key, id));
                let meant = |handed: &Handed| {
                    let it =
                        matches!(handed.message.content, Content::Challenge { identifier, .. } if identifier == id);
                    it && handed.message.key == key
                };
                let code = match (pick, issued) {
                    (Pick::Older(1), Some((.., code))) => Code::parse(code).expect("a code"),
                    _ => self.code(pick, meant),
                };
                self.facts.attempts.push(Attempt { key: key.clone(), id, text: code.reveal().to_owned() });
                let account = of(&key).account(&key.user);
                Box::pin(async move { done(account.confirm(id, &code).await, Says::Judged) })
            }
            Act::Open(user, place, pick) => {
                let key = self.key(user);
                let id = self.id(&key, &address(place));
                let token =
                    self.link(pick, |handed| handed.link.as_ref().is_some_and(|link| link.identifier() == id))?;
                let attempt = Attempt { key: key.clone(), id: token.identifier(), text: token.reveal() };
                self.facts.attempts.push(attempt);
                let account = of(&key).account(&key.user);
                Box::pin(async move { done(account.confirm_link(&token).await, |_| Says::Nothing) })
            }
            Act::Issue(user, place) => {
                let key = self.key(user);
                let (id, admin) = (self.id(&key, &address(place)), staff(&of(&key)));
                Box::pin(async move {
                    done(admin.issue_code(&key.user, id).await, |issued| Says::Issued(issued.code.reveal().to_owned()))
                })
            }
            Act::Mark(user, place, mark) => {
                let key = self.key(user);
                let (id, admin) = (self.id(&key, &address(place)), staff(&of(&key)));
                Box::pin(async move {
                    quiet(match mark {
                        Mark::Verified => admin.mark_verified(&key.user, id).await,
                        Mark::Unverified => admin.mark_unverified(&key.user, id).await,
                        Mark::Deliverable => admin.mark_deliverable(&key.user, id).await,
                        Mark::Cleared => admin.clear_attempts(&key.user, id).await,
                    })
                })
            }
            Act::Primary(road, user, place) => {
                let key = self.key(user);
                let id = self.id(&key, &address(place));
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.set_primary(id).await),
                        Road::Admin => quiet(admin.set_primary(&key.user, id).await),
                    }
                })
            }
            Act::Label(road, user, place, number) => {
                let key = self.key(user);
                let id = self.id(&key, &address(place));
                let label = (number > 0).then(|| Label::parse(&format!("label {number}")).expect("a label"));
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.set_label(id, label).await),
                        Road::Admin => quiet(admin.set_label(&key.user, id, label).await),
                    }
                })
            }
            Act::Replace(road, user, old, place, how) => {
                let key = self.key(user);
                let old = self.id(&key, &address(old));
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.replace(old, address(place)).await),
                        Road::Admin => quiet(admin.replace(&key.user, old, new(address(place), how)).await),
                    }
                })
            }
            Act::Remove(road, user, place) => {
                let key = self.key(user);
                let id = self.id(&key, &address(place));
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.remove(id).await),
                        Road::Admin => quiet(admin.remove(&key.user, id).await),
                    }
                })
            }
            Act::Name(road, user, name) => {
                let key = self.key(user);
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.set_username(&username(name)).await),
                        Road::Admin => quiet(admin.set_username(&key.user, &username(name), None).await),
                    }
                })
            }
            Act::Unname(road, user) => {
                let key = self.key(user);
                let (account, admin) = (of(&key).account(&key.user), staff(&of(&key)));
                Box::pin(async move {
                    match road {
                        Road::Holder => quiet(account.remove_username().await),
                        Road::Admin => quiet(admin.remove_username(&key.user).await),
                    }
                })
            }
            Act::Profile(user, number) => {
                let key = self.key(user);
                let admin = staff(&of(&key));
                Box::pin(async move { quiet(admin.change_profile(&key.user, &profile(number)).await) })
            }
            Act::Report(user, number) => {
                let key = self.key(user);
                let admin = staff(&of(&key));
                Box::pin(async move { quiet(admin.report(&key.user, |_| object(json!({"seen": number}))).await) })
            }
            Act::Switch(user, on) => {
                let key = self.key(user);
                let admin = staff(&of(&key));
                Box::pin(async move {
                    quiet(if on { admin.enable(&key.user).await } else { admin.disable(&key.user).await })
                })
            }
            Act::Erase(user) => {
                let key = self.key(user);
                let admin = staff(&of(&key));
                Box::pin(async move { said(admin.erase(&key.user).await, |_| Says::Nothing) })
            }
            Act::Merge(from, into, accepts) => {
                let (from, key) = (self.key(from).user, self.key(into));
                let admin = staff(&of(&key));
                Box::pin(async move {
                    let accepted = if accepts { admin.merge_conflicts(&from, &key.user).await } else { Ok(Vec::new()) };
                    match accepted {
                        Ok(accepted) => done(admin.merge(&from, &key.user, &accepted).await, Says::Merged),
                        Err(error) => said(Err::<(), _>(error), |()| Says::Nothing),
                    }
                })
            }
            Act::Import(user, place, record) => {
                let key = self.key(user);
                let (admin, record) = (staff(&of(&key)), self.record(&key.user, place, record));
                Box::pin(async move {
                    let told = admin.import(vec![record]).await;
                    let refused = match told.as_deref() {
                        Ok([Imported::Refused(refusal)]) => Some(refusal.code()),
                        Ok([Imported::Erased | Imported::AlreadyThere]) => Some("user_exists"),
                        _ => None,
                    };
                    let told = said(told, |_| Says::Nothing);
                    Told { answer: refused.unwrap_or(told.answer), ..told }
                })
            }
            Act::Claims(number) => {
                let admin = staff(&identity.for_tenant(tenant(number)));
                Box::pin(async move { said(admin.update_claims(None, 100).await, |_| Says::Nothing) })
            }
            Act::Look(number, place) => {
                let admin = staff(&identity.for_tenant(tenant(number)));
                Box::pin(async move {
                    let query = ListQuery { order: ListOrder::Created, after: None, limit: 5, prefix: None };
                    let _ = admin.list(&query).await;
                    said(admin.find(&address(place)).await, |found| {
                        Says::Found(found.into_iter().map(|found| found.user).collect())
                    })
                })
            }
            Act::SignIn(_, number, place, by) => {
                let sign_in = identity.for_tenant(tenant(number)).sign_in();
                let request = SignInRequest { by, locale: None };
                self.model.visited(&address(place));
                Box::pin(async move {
                    said(sign_in.start_with(address(place), &request).await, |started| Says::Ticket(started.ticket))
                })
            }
            Act::SignInName(_, number, name) => {
                let sign_in = identity.for_tenant(tenant(number)).sign_in();
                Box::pin(async move {
                    said(sign_in.start(Login::Username(username(name))).await, |started| Says::Ticket(started.ticket))
                })
            }
            Act::Answer(visitor, pick, create) => {
                let (number, to, ticket) = self.tickets.get(&visitor).cloned()?;
                let meant = |handed: &Handed| {
                    let Content::Challenge { challenge, .. } = &handed.message.content else { return false };
                    let there = to.as_ref().is_none_or(|to| handed.message.to.claim_key() == to.claim_key());
                    challenge.purpose == Purpose::SignIn && handed.message.key.tenant == tenant(number) && there
                };
                let code = self.code(pick, meant);
                let link =
                    self.link(pick, meant).filter(|_| self.came(meant).last().is_some_and(|last| last.code.is_none()));
                let text = link.as_ref().map_or_else(|| code.reveal().to_owned(), LinkToken::reveal);
                self.answers.push((visitor, text));
                let sign_in = identity.for_tenant(tenant(number)).sign_in();
                Box::pin(async move {
                    let proof = match &link {
                        Some(link) => sign_in.confirm_link(&ticket, link).await,
                        None => sign_in.confirm(&ticket, &code).await,
                    };
                    let told = said(proof, Says::Proof);
                    let Says::Proof(Some(proof)) = &told.says else { return told };
                    if !create {
                        return told;
                    }
                    let signed_in = proof.find_or_create(NewUser::default()).await;
                    let answer = said(signed_in, |signed_in| Says::SignedIn(proof.clone(), signed_in.user));
                    // A proof that creates nobody is a proof.
                    if matches!(answer.says, Says::SignedIn(..)) {
                        answer
                    } else {
                        Told { answer: answer.answer, ..told }
                    }
                })
            }
            Act::StepUp(user, place) => {
                let key = self.key(user);
                let (id, account) = (self.id(&key, &address(place)), of(&key).account(&key.user));
                self.model.visited(&address(place));
                Box::pin(async move { said(account.step_up(id).await, |started| Says::Ticket(started.ticket)) })
            }
            Act::Again(user, pick) => {
                let key = self.key(user);
                let ticket = self.step_ups.get(&user).cloned()?;
                let code = self.code(pick, |handed| {
                    matches!(&handed.message.content, Content::Challenge { challenge, .. } if challenge.purpose == Purpose::StepUp)
                        && handed.message.key == key
                });
                self.answers.push((user, code.reveal().to_owned()));
                let account = of(&key).account(&key.user);
                Box::pin(async move { said(account.confirm_step_up(&ticket, &code).await, Says::Proof) })
            }
            Act::Deliver(mood) => {
                self.provider.set_mood(mood);
                Box::pin(async move { said(identity.deliver_due().await, |_| Says::Nothing) })
            }
            Act::Work(secs) => {
                self.provider.set_mood(secs);
                Box::pin(async move {
                    identity.deliver_until(tokio::time::sleep(Duration::from_secs(secs.into()))).await;
                    said::<_, Refusal>(Ok(()), |()| Says::Nothing)
                })
            }
            Act::Callback(nth, state) => {
                let handed = self.came(|_| true).into_iter().rev().nth(nth.into())?;
                let states = [
                    DeliveryState::Delivered,
                    DeliveryState::Bounced,
                    DeliveryState::Failed,
                    DeliveryState::Complained,
                ];
                let report = Report::new(states[usize::from(state) % 4], self.clock.now());
                let stranger = CodeKeys::parse(&"99".repeat(32)).expect("a key");
                let ticket = if state == 7 { stranger.ticket(handed.message.id) } else { handed.ticket };
                if state != 7 && matches!(report.state, DeliveryState::Bounced | DeliveryState::Complained) {
                    self.model.bounced.insert(handed.message.id);
                }
                let admin = staff(&identity);
                Box::pin(async move {
                    said(admin.report_delivery(&ticket, &report).await, |posted| {
                        Says::Rank(posted.and_then(|posted| Some(posted.report?.state.rank())))
                    })
                })
            }
            Act::Wait(secs) => {
                self.clock.forward(Duration::from_secs(secs.into()));
                return None;
            }
            Act::Set(secs) => {
                self.set_clock(secs);
                return None;
            }
            Act::Restart(how) => {
                self.restart(usize::from(how % 2), Some(how / 2));
                return None;
            }
        })
    }

    fn record(&self, user: &UserId, place: u8, record: Record) -> UserRecord {
        let now = self.clock.now();
        let early = Timestamp::from_micros(now.as_micros() - 3_600_000_000);
        let of = |text: String, primary: bool, verified: bool| IdentifierRecord {
            id: None,
            address: Typed(text),
            primary,
            verified: verified.then(VerifiedRecord::default),
            source: None,
            unrestricted: false,
            added_at: None,
            undeliverable: None,
            label: None,
        };
        let address = address(place);
        let entries = match record {
            Record::Plain => vec![of(address.as_str().to_owned(), false, false)],
            Record::Verified => vec![of(address.as_str().to_owned(), true, true)],
            Record::Twice => vec![of(address.as_str().to_owned(), false, false); 2],
            Record::Crowd => (0..50).map(|number| of(format!("c{number}@crowd.example"), false, false)).collect(),
        };
        let is_mail = matches!(address, Address::Email(_)) || record == Record::Crowd;
        let (emails, phones) = if is_mail { (entries, Vec::new()) } else { (Vec::new(), entries) };
        UserRecord {
            id: user.clone(),
            created_at: early,
            updated_at: early,
            disabled: false,
            username: None,
            emails,
            phones,
            profile: Profile::default(),
            extension: Arc::new(JsonObject::default()),
        }
    }
}
