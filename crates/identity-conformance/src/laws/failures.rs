//! Laws of failures: ports that fail in the middle of a use case.

use std::sync::Arc;
use std::time::Duration;

use identity::policy::ChangePolicy;
use identity::store::Store;
use identity::{Error, HolderError};
use identity_core::{
    Address, ClaimPolicy, Code, Confirmation, ContestAnswer, ContestId, ContestPolicy, DeliveryState, DisavowToken,
    Email, IdentifierId, LinkToken, NewAddress, NewUser, Phone, Policy, ProfileChange, ProofBy, Report, Strength, User,
    UserId, UserRecord, Username, Verification,
};

use crate::Harness;
use crate::kit::{Bench, Failing, code_keys, key, queued};

macro_rules! use_cases {
    ($($case:ident $call:literal,)*) => {
        /// A call that writes, in one of the ways that it can go.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum UseCase { $($case),* }

        impl UseCase {
            const ALL: &[Self] = &[$(Self::$case),*];

            /// The calls of the library that are tried.
            #[cfg(test)]
            const CALLS: &[&str] = &[$($call),*];
        }
    };
}

use_cases! {
    Create "admin.create",
    Import "admin.import",
    Add "account.add",
    AddVerified "admin.add",
    StartVerification "account.start_verification",
    StartByLink "account.start_verification_with",
    StartByStaff "admin.start_verification",
    Resend "account.start_verification",
    ConfirmRight "account.confirm",
    ConfirmWrong "account.confirm",
    ConfirmLink "account.confirm_link",
    SetPrimary "account.set_primary",
    SetPrimaryByStaff "admin.set_primary",
    Replace "account.replace",
    ReplaceByStaff "admin.replace",
    Remove "account.remove",
    RemoveByStaff "admin.remove",
    Keep "account.keep",
    KeepByStaff "admin.keep",
    SetUsername "account.set_username",
    SetUsernameByStaff "admin.set_username",
    RemoveUsername "account.remove_username",
    RemoveUsernameByStaff "admin.remove_username",
    MarkVerified "admin.mark_verified",
    MarkVerifiedBy "admin.mark_verified_by",
    MarkUnverified "admin.mark_unverified",
    MarkDeliverable "admin.mark_deliverable",
    ClearAttempts "admin.clear_attempts",
    IssueCode "admin.issue_code",
    ChangeProfile "admin.change_profile",
    Report "admin.report",
    Disable "admin.disable",
    Enable "admin.enable",
    Erase "admin.erase",
    Merge "admin.merge",
    ReportDelivery "admin.report_delivery",
    Disavow "identity.disavow",
    AnswerContest "account.answer_contest",
    DecideContest "admin.decide_contest",
    Deliver "identity.deliver_due",
}

impl UseCase {
    /// Whether the use case may make an address verified.
    const fn verifies(self) -> bool {
        matches!(
            self,
            Self::Import
                | Self::AddVerified
                | Self::ConfirmRight
                | Self::ConfirmLink
                | Self::MarkVerified
                | Self::MarkVerifiedBy
                | Self::Merge
        )
    }
}

/// A user with two verified e-mail addresses, an unverified one with an open challenge, and a phone number.
struct Subject {
    number: u32,
    user: UserId,
    /// The user that a use case creates or merges.
    other: UserId,
    primary: IdentifierId,
    second: IdentifierId,
    open: IdentifierId,
    phone: IdentifierId,
    code: Code,
    link: Option<LinkToken>,
    /// Undoes the removal of the second address.
    undo: Option<DisavowToken>,
    /// The contest in which the other user proved the first address.
    contest: Option<ContestId>,
}

impl Subject {
    async fn new(bench: &Bench, number: u32, case: UseCase) -> Self {
        let user = key(&format!("subject {number}")).user;
        let keeps = matches!(case, UseCase::Keep | UseCase::KeepByStaff);
        let delay = Duration::from_secs(if keeps { 3_600 } else { 0 });
        let change = ChangePolicy::default().with_delay(delay).unwrap();
        // All clones share it.
        drop(bench.identity.clone().with_policy(Policy::default().with_change(change)));
        let mail = |name: &str| Email::parse(&format!("{name}{number}@example.com")).unwrap();
        let shown = |name: &str| NewAddress::from(Address::from(mail(name))).verified();
        let admin = bench.identity.admin("staff");
        let nameless = matches!(case, UseCase::SetUsername | UseCase::SetUsernameByStaff);
        let username = (!nameless).then(|| Username::parse(&format!("name{number}")).unwrap());
        let addresses = vec![shown("first"), shown("second")];
        admin.create(NewUser { id: Some(user.clone()), username, addresses, ..NewUser::default() }).await.unwrap();
        let account = bench.identity.account(&user);
        let open = account.add(mail("open")).await.unwrap().outcome;
        let phone = account.add(telephone(number)).await.unwrap().outcome;
        let proof = if case == UseCase::ConfirmLink { ProofBy::Either } else { ProofBy::Code };
        account.start_verification_with(open, &by(proof)).await.unwrap();
        let (code, link) = bench.read_mail().await;
        let code = code.expect("a code");
        if case == UseCase::ClearAttempts {
            account.confirm(open, &wrong(&code)).await.unwrap();
        }
        if case == UseCase::Enable {
            admin.disable(&user).await.unwrap();
        }
        bench.wait(60);
        if matches!(case, UseCase::Deliver | UseCase::ReportDelivery | UseCase::MarkDeliverable) {
            account.start_verification(phone).await.unwrap();
        }
        if case == UseCase::MarkDeliverable {
            report_bounce(bench, &user).await.unwrap();
        }
        let stored = account.get().await.unwrap();
        let primary = stored.primary_email().unwrap().id;
        let second = stored.emails().verified().find(|entry| entry.id != primary).unwrap().id;
        let other = key(&format!("other {number}")).user;
        if case == UseCase::Merge {
            let addresses = vec![shown("other")];
            admin.create(NewUser { id: Some(other.clone()), addresses, ..NewUser::default() }).await.unwrap();
        }
        let undo = if case == UseCase::Disavow {
            let removed = account.remove(second).await.unwrap().version.0;
            Some(code_keys().disavowal(bench.identity.tenant(), &user, removed))
        } else {
            None
        };
        if keeps {
            account.remove(primary).await.unwrap();
        }
        let contest = if matches!(case, UseCase::AnswerContest | UseCase::DecideContest) {
            Some(contest(bench, &user, &other, mail("first")).await)
        } else {
            None
        };
        Self { number, user, other, primary, second, open, phone, code, link, undo, contest }
    }

    async fn ask(&self, bench: &Bench, case: UseCase) -> Result<Option<Confirmation>, HolderError> {
        let (account, admin) = (bench.identity.account(&self.user), bench.identity.admin("staff"));
        let user = &self.user;
        let mail = Email::parse(&format!("new{}@example.com", self.number)).unwrap();
        match case {
            UseCase::Create => {
                let addresses = vec![NewAddress::from(Address::from(mail))];
                let new = NewUser { id: Some(self.other.clone()), addresses, ..NewUser::default() };
                admin.create(new).await.map(drop)?;
            }
            UseCase::Import => drop(admin.import(vec![self.record()]).await?),
            UseCase::Add => drop(account.add(mail).await?),
            UseCase::AddVerified => drop(admin.add(user, NewAddress::from(Address::from(mail)).verified()).await?),
            UseCase::StartVerification => drop(account.start_verification(self.phone).await?),
            UseCase::StartByLink => drop(account.start_verification_with(self.phone, &by(ProofBy::Link)).await?),
            UseCase::StartByStaff => drop(admin.start_verification(user, self.phone, &by(ProofBy::Either)).await?),
            UseCase::Resend => drop(account.start_verification(self.open).await?),
            UseCase::ConfirmRight => return Ok(Some(account.confirm(self.open, &self.code).await?.outcome)),
            UseCase::ConfirmWrong => return Ok(Some(account.confirm(self.open, &wrong(&self.code)).await?.outcome)),
            UseCase::ConfirmLink => {
                return Ok(Some(account.confirm_link(self.link.as_ref().expect("a link")).await?.outcome));
            }
            UseCase::SetPrimaryByStaff => drop(admin.set_primary(user, self.second).await?),
            UseCase::ReplaceByStaff => {
                drop(admin.replace(user, self.primary, NewAddress::from(Address::from(mail)).verified()).await?);
            }
            UseCase::RemoveByStaff => drop(admin.remove(user, self.primary).await?),
            UseCase::Keep => drop(account.keep(self.primary).await?),
            UseCase::KeepByStaff => drop(admin.keep(user, self.primary).await?),
            UseCase::SetUsernameByStaff => {
                let name = Username::parse(&format!("new{}", self.number)).unwrap();
                drop(admin.set_username(user, &name, Some("a letter")).await?);
            }
            UseCase::RemoveUsernameByStaff => drop(admin.remove_username(user).await?),
            UseCase::MarkVerifiedBy => drop(admin.mark_verified_by(user, self.open, Some("a letter")).await?),
            UseCase::MarkDeliverable => drop(admin.mark_deliverable(user, self.phone).await?),
            UseCase::ReportDelivery => report_bounce(bench, user).await?,
            UseCase::SetPrimary => drop(account.set_primary(self.second).await?),
            UseCase::Replace => drop(account.replace(self.primary, mail).await?),
            UseCase::Remove => drop(account.remove(self.primary).await?),
            UseCase::SetUsername => {
                drop(account.set_username(&Username::parse(&format!("new{}", self.number)).unwrap()).await?);
            }
            UseCase::RemoveUsername => drop(account.remove_username().await?),
            UseCase::MarkVerified => drop(admin.mark_verified(user, self.open).await?),
            UseCase::MarkUnverified => drop(admin.mark_unverified(user, self.second).await?),
            UseCase::ClearAttempts => drop(admin.clear_attempts(user, self.open).await?),
            UseCase::IssueCode => drop(admin.issue_code(user, self.open).await?),
            UseCase::ChangeProfile => {
                let claims = [("name".to_owned(), "Ada".into())].into_iter().collect();
                drop(admin.change_profile(user, &ProfileChange { claims, ..ProfileChange::default() }).await?);
            }
            UseCase::Report => {
                drop(admin.report(user, |_| [("has_password".to_owned(), true.into())].into_iter().collect()).await?);
            }
            UseCase::Disable => drop(admin.disable(user).await?),
            UseCase::Enable => drop(admin.enable(user).await?),
            UseCase::Erase => drop(admin.erase(user).await?),
            UseCase::Merge => {
                let conflicts = admin.merge_conflicts(&self.other, user).await?;
                drop(admin.merge(&self.other, user, &conflicts).await?);
            }
            UseCase::Disavow => drop(bench.identity.disavow(self.undo.as_ref().expect("a token")).await?),
            UseCase::AnswerContest => {
                drop(account.answer_contest(self.contest.expect("a contest"), ContestAnswer::Agree).await?);
            }
            UseCase::DecideContest => {
                drop(admin.decide_contest(self.contest.expect("a contest"), ContestAnswer::Object).await?);
            }
            UseCase::Deliver => drop(bench.identity.deliver_due().await?),
        }
        Ok(None)
    }

    fn record(&self) -> UserRecord {
        let at = crate::kit::NOW;
        let text = format!(
            r#"{{"id":"{}","created_at":{at},"updated_at":{at},"emails":[{{"address":"imported{}@example.com","primary":true,"verified":{{}}}}]}}"#,
            self.other.as_str(),
            self.number,
            at = at.as_micros()
        );
        serde_json::from_str(&text).expect("a record")
    }

    /// What is stored about this user and the other one, in terms that are the same for every subject. Anything that
    /// was only half written becomes visible.
    async fn shape(&self, store: &dyn Store) -> Vec<String> {
        let mut shape = Vec::new();
        for user in [&self.user, &self.other] {
            let key = key(user.as_str());
            let stored = store.load(&key).await.unwrap();
            let history = store.history(&key, 0, 10_000).await.unwrap();
            let kinds: Vec<&str> = history.iter().map(|recorded| recorded.event.change.kind()).collect();
            shape.push(format!("{} events: {kinds:?}", kinds.len()));
            if let Some(stored) = stored {
                let user: &User = &stored.user;
                let events: Vec<_> = history.into_iter().map(|recorded| recorded.event).collect();
                assert_eq!(User::from_events(&events).as_ref(), Some(user), "the user is the result of its events");
                let claims = stored.claims.iter().map(|claim| (claim.key.clone(), claim.strength)).collect();
                assert_eq!(user.claims(ClaimPolicy::Verified), claims, "the claims follow from the user");
                assert!(stored.claims.iter().all(|claim| claim.strength == Strength::Verified));
                let entries = user.identifiers().map(|entry| {
                    let status = match (entry.verified(), entry.challenge()) {
                        (Some(_), _) => "verified".to_owned(),
                        (None, Some(challenge)) => format!("pending, {} wrong", challenge.failed),
                        (None, None) => "unverified".to_owned(),
                    };
                    (
                        status,
                        user.primary_email().is_some_and(|primary| primary.id == entry.id),
                        entry.attempts.sent_at.len(),
                    )
                });
                shape.push(format!("version {}, {:?}", stored.version.0, entries.collect::<Vec<_>>()));
                shape.push(format!("disabled: {}, named: {}", user.is_disabled(), user.username().is_some()));
                shape.push(format!("{} claims", stored.claims.len()));
            }
            let mut letters: Vec<_> = queued(store)
                .await
                .into_iter()
                .map(|leased| leased.message)
                .filter(|letter| letter.key == key)
                .collect();
            letters.sort_by_key(|letter| letter.id);
            let letters: Vec<_> = letters
                .iter()
                .map(|letter| (letter.to.channel(), format!("{:.12}", format!("{:?}", letter.content))))
                .collect();
            shape.push(format!("{} letters: {letters:?}", letters.len()));
        }
        shape
    }

    async fn is_verified(&self, store: &dyn Store, case: UseCase) -> bool {
        let load = |user: &UserId| {
            let key = key(user.as_str());
            async move { store.load(&key).await.unwrap().map(|stored| stored.user) }
        };
        let [user, other]: [Option<Arc<User>>; 2] = [load(&self.user).await, load(&self.other).await];
        let verified = |user: &Option<Arc<User>>| {
            user.iter().flat_map(|user| user.identifiers()).filter(|entry| entry.is_verified()).count()
        };
        match case {
            UseCase::Import => verified(&other) > 0,
            _ => verified(&user) > 2,
        }
    }
}

/// Lets a new user prove an address of a user, and contest it.
pub(super) async fn contest(bench: &Bench, owner: &UserId, other: &UserId, address: Email) -> ContestId {
    let policy = Policy::default().with_contest(ContestPolicy::administrator());
    let identity = bench.identity.clone().with_policy(policy);
    let staff = identity.admin("staff");
    staff.create(NewUser { id: Some(other.clone()), ..NewUser::default() }).await.expect("a user is created");
    let id = identity.account(other).add(address).await.expect("it is added").outcome;
    let code = staff.issue_code(other, id).await.expect("a code is issued").outcome.code;
    let answer = identity.account(other).confirm(id, &code).await.expect("it is judged").outcome;
    assert_eq!(answer, Confirmation::Contested, "the address is another user's");
    let owner = identity.account(owner).get().await.expect("the owner is there");
    owner.contest().expect("a contest is open").1.id
}

fn by(proof: ProofBy) -> Verification {
    Verification { proof, ..Verification::default() }
}

/// Reports that the user's last message came back.
async fn report_bounce(bench: &Bench, user: &UserId) -> Result<(), Error> {
    let posted = bench.store.posted(&key(user.as_str()), None, 1_000).await.unwrap();
    let message = &posted.last().expect("a message").message;
    let report = Report::new(DeliveryState::Bounced, message.created_at);
    bench.identity.admin("staff").report_delivery(&code_keys().ticket(message.id), &report).await.map(drop)
}

fn telephone(number: u32) -> Phone {
    Phone::from_e164(&format!("+4415149{:05}", 60_000 + number)).expect("a phone number")
}

fn wrong(code: &Code) -> Code {
    Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).expect("a code")
}

/// The outcome of one use case with one failing call.
struct Trial<'a> {
    case: UseCase,
    how: Failing,
    call: usize,
    subject: &'a Subject,
    bench: &'a Bench,
    store: &'a dyn Store,
    answer: Result<Option<Confirmation>, HolderError>,
    before: Vec<String>,
}

/// Makes every call of every use case fail, one at a time and in both ways, and judges each outcome.
async fn try_all<J: AsyncFn(Trial<'_>)>(harness: &dyn Harness, cases: &[UseCase], judge: J) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let mut number = 0;
    for case in cases.iter().copied() {
        for how in [Failing::Before, Failing::After] {
            for call in 1.. {
                number += 1;
                let subject = Subject::new(&bench, number, case).await;
                let before = subject.shape(&*bench.store).await;
                bench.fail(call, how);
                let answer = subject.ask(&bench, case).await;
                let failed = bench.mend();
                let store = &*bench.store;
                judge(Trial { case, how, call, subject: &subject, bench: &bench, store, answer, before }).await;
                // Earlier messages must not mix with the next ones.
                bench.wait(100_000);
                bench.identity.deliver_due().await.unwrap();
                if !failed {
                    assert!(call > 1, "{case:?} calls a port");
                    break;
                }
                assert!(call < 100, "{case:?} comes to an end");
            }
        }
    }
}

/// Whichever call of a port fails in whichever use case, the stored state is that before or that after the use case,
/// never one in between (OWASP ASVS 5.0, 2.3.3).
pub async fn c48_all_or_nothing(harness: &dyn Harness) {
    // The result of each use case when nothing fails.
    let bench = Bench::new(harness.open().await, Policy::default());
    let mut whole = Vec::new();
    for (number, case) in (20_000..).zip(UseCase::ALL.iter().copied()) {
        let subject = Subject::new(&bench, number, case).await;
        let before = subject.shape(&*bench.store).await;
        subject.ask(&bench, case).await.unwrap_or_else(|error| panic!("{case:?} fails although no port does: {error}"));
        let after = subject.shape(&*bench.store).await;
        assert_ne!(before, after, "{case:?} changes something");
        whole.push((case, after));
        bench.wait(100_000);
        bench.identity.deliver_due().await.unwrap();
    }
    try_all(harness, UseCase::ALL, async |trial: Trial<'_>| {
        let Trial { case, how, call, subject, bench, store, answer, before } = trial;
        let mut shape = subject.shape(store).await;
        let after = whole.iter().find_map(|(other, after)| (*other == case).then_some(after)).expect("a whole one");
        // A report is told to the user first and to the message second. Who hears of a failure reports again.
        if case == UseCase::ReportDelivery && answer.is_err() {
            subject.ask(bench, case).await.expect("the second report is heard");
            shape = subject.shape(store).await;
            assert_eq!(shape, *after, "call {call} failing {how:?}: a report made twice is a report");
        }
        assert!(
            shape == before || shape == *after,
            "{case:?}, call {call} failing {how:?}: neither before nor after\nis     {shape:#?}\nbefore {before:#?}\nafter  {after:#?}"
        );
        if answer.is_ok() && case != UseCase::Deliver {
            assert_eq!(shape, *after, "{case:?}, call {call} failing {how:?}: what was acknowledged is written");
        }
    })
    .await;
}

/// The second of two failures: in the same call, or in the call with which the caller repeats one that failed.
#[derive(Debug, Clone, Copy)]
enum Second {
    None,
    Later(usize, Failing),
    Again(usize, Failing),
}

/// Whichever two calls of ports fail in a use case and in its repetition, the stored state is that before the use case, or that
/// after it was carried out once or twice (OWASP ASVS 5.0, 2.3.3).
pub async fn c48_two_failures_leave_nothing_half(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let (mut number, mut pairs) = (0, 0);
    let (share, least) = if harness.is_in_memory() { (1, 300) } else { (6, 20) };
    for case in UseCase::ALL.iter().copied().step_by(share) {
        let mut states = Vec::new();
        let subject = next(&bench, &mut number, case).await;
        states.push(subject.shape(&*bench.store).await);
        subject.ask(&bench, case).await.expect("no port fails");
        states.push(subject.shape(&*bench.store).await);
        let _ = subject.ask(&bench, case).await;
        states.push(subject.shape(&*bench.store).await);
        for first in [Failing::Before, Failing::After] {
            for call in 1..100 {
                // Whether the call goes on after the first failure, or the caller repeats it; `None` when the calls have ended.
                let mut second = Second::None;
                let outcome = fail_twice(&bench, &mut number, (case, call, first, second), &states).await;
                let Some((is_ok, is_written)) = outcome else { break };
                // What failed and wrote nothing is as if it had not been asked for: one failure, which is another law.
                for later in 1..100 {
                    let mut is_reached = false;
                    for how in [Failing::Before, Failing::After] {
                        second = match (is_ok, is_written) {
                            (true, _) => Second::Later(call + later, how),
                            (false, true) => Second::Again(later, how),
                            (false, false) => break,
                        };
                        let outcome = fail_twice(&bench, &mut number, (case, call, first, second), &states).await;
                        is_reached |= outcome.is_some();
                        pairs += u32::from(outcome.is_some());
                    }
                    if !is_reached {
                        break;
                    }
                }
            }
        }
    }
    assert!(pairs > least, "{pairs} pairs");
}

/// The next subject, whose messages do not mix with those of the one before.
async fn next(bench: &Bench, number: &mut u32, case: UseCase) -> Subject {
    bench.wait(100_000);
    bench.identity.deliver_due().await.expect("no port fails");
    *number += 1;
    Subject::new(bench, *number, case).await
}

/// Lets calls fail, and judges what is there. Returns whether the use case succeeded, and whether anything was written; `None` when
/// the last call that was to fail was not reached.
async fn fail_twice(
    bench: &Bench,
    number: &mut u32,
    (case, call, first, second): (UseCase, usize, Failing, Second),
    states: &[Vec<String>],
) -> Option<(bool, bool)> {
    let subject = next(bench, number, case).await;
    let mut calls = vec![(call, first)];
    if let Second::Later(call, how) = second {
        calls.push((call, how));
    }
    bench.fail_all(&calls);
    let mut answer = subject.ask(bench, case).await;
    if let Second::Again(call, how) = second {
        bench.fail(call, how);
        answer = subject.ask(bench, case).await;
    }
    let is_reached = bench.mend();
    let mut shape = subject.shape(&*bench.store).await;
    let place = format!("{case:?}, call {call} failing {first:?}, then {second:?}");
    // A report is told to the user first and to the message second. Who hears of a failure reports again.
    if case == UseCase::ReportDelivery && answer.is_err() && !states.contains(&shape) {
        subject.ask(bench, case).await.expect("the last report is heard");
        shape = subject.shape(&*bench.store).await;
    }
    assert!(states.contains(&shape), "{place}: what is there is half\nis     {shape:#?}\nwhole  {states:#?}");
    let is_written = shape != states[0];
    assert!(is_written || answer.is_err() || case == UseCase::Deliver, "{place}: what was acknowledged is written");
    is_reached.then_some((answer.is_ok(), is_written))
}

/// A failing port never makes an address verified, and no success is reported for an address that is not verified
/// (OWASP ASVS 5.0, 16.5.3).
pub async fn c49_a_failing_port_never_verifies(harness: &dyn Harness) {
    try_all(harness, UseCase::ALL, async |trial: Trial<'_>| {
        let Trial { case, how, call, subject, store, answer, .. } = trial;
        let verified = subject.is_verified(store, case).await;
        let place = format!("{case:?}, call {call} failing {how:?}");
        if !case.verifies() {
            assert!(!verified, "{place}: an address became verified");
        } else if answer.is_ok() {
            assert!(verified, "{place}: a success was reported, but nothing is verified");
        } else if how == Failing::Before {
            assert!(!verified, "{place}: verified although nothing was written");
        }
        if let Ok(Some(confirmation)) = answer {
            let right = case != UseCase::ConfirmWrong;
            assert_eq!(confirmation == Confirmation::Verified, right, "{place}: a wrong code is wrong");
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::UseCase;
    use crate::laws::sign_in;

    /// Calls that write nothing, and those that only make others of this file again: a pass over pages of users, each of whom
    /// is a commit of its own, and the loops around `deliver_due`.
    const OTHERS: &[&str] = &[
        "account.get",
        "account.is_fresh",
        "account.link_address",
        "admin.browse",
        "admin.contests",
        "admin.dead_letters",
        "admin.export",
        "admin.find",
        "admin.find_username",
        "admin.get",
        "admin.history",
        "admin.list",
        "admin.merge_conflicts",
        "admin.posted",
        "admin.update_claims",
        "feed.next",
        "identity.deliver_forever",
        "identity.deliver_until",
        "identity.disavowal",
        "identity.ready",
        "identity.resolve",
    ];

    /// The public calls of the library that wait, from its sources.
    fn calls(folder: &std::path::Path) -> BTreeSet<String> {
        let mut calls = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                calls.append(&mut self::calls(&path));
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let mut of = String::new();
                for line in text.lines() {
                    if let Some(name) = line.strip_prefix("impl ").and_then(|line| line.strip_suffix(" {")) {
                        of = name.to_ascii_lowercase();
                    } else if let Some(call) = line.strip_prefix("    pub async fn ") {
                        let name = call.split(['(', '<']).next().unwrap();
                        calls.insert(format!("{of}.{name}"));
                    }
                }
            }
        }
        calls
    }

    #[test]
    fn every_call_that_writes_is_tried() {
        let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../identity/src");
        let tried: BTreeSet<String> =
            UseCase::CALLS.iter().chain(sign_in::CALLS).chain(OTHERS).map(|call| (*call).to_owned()).collect();
        assert_eq!(calls(std::path::Path::new(library)), tried);
    }
}
