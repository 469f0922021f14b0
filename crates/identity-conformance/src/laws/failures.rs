//! Laws of failures: ports that fail in the middle of a use case.

use std::sync::Arc;

use identity::HolderError;
use identity_core::{
    Address, ClaimPolicy, Code, Confirmation, Credentials, Email, IdentifierId, NewAddress, NewUser, Phone, Policy,
    ProfileChange, SignInUse, SignIns, Strength, User, UserId, UserRecord, Username,
};
use identity_ports::{Directory, Outbox, UserRepository};

use crate::Harness;
use crate::kit::{Bench, Failing, key, queued};

/// Every use case of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UseCase {
    Create,
    Import,
    Add,
    AddVerified,
    StartVerification,
    Resend,
    ConfirmRight,
    ConfirmWrong,
    SetPrimary,
    Replace,
    Remove,
    SetUsername,
    RemoveUsername,
    MarkVerified,
    MarkUnverified,
    ClearAttempts,
    IssueCode,
    ChangeProfile,
    ReportCredentials,
    ReportSignIns,
    ReportSignInUse,
    Disable,
    Enable,
    Erase,
    Deliver,
}

impl UseCase {
    const ALL: [Self; 25] = [
        Self::Create,
        Self::Import,
        Self::Add,
        Self::AddVerified,
        Self::StartVerification,
        Self::Resend,
        Self::ConfirmRight,
        Self::ConfirmWrong,
        Self::SetPrimary,
        Self::Replace,
        Self::Remove,
        Self::SetUsername,
        Self::RemoveUsername,
        Self::MarkVerified,
        Self::MarkUnverified,
        Self::ClearAttempts,
        Self::IssueCode,
        Self::ChangeProfile,
        Self::ReportCredentials,
        Self::ReportSignIns,
        Self::ReportSignInUse,
        Self::Disable,
        Self::Enable,
        Self::Erase,
        Self::Deliver,
    ];

    /// Whether the use case may make an address verified.
    const fn verifies(self) -> bool {
        matches!(self, Self::Import | Self::AddVerified | Self::ConfirmRight | Self::MarkVerified)
    }
}

/// A user with two verified e-mail addresses, an unverified one with an open challenge, and a phone number.
struct Subject {
    number: u32,
    user: UserId,
    /// The user that a use case creates.
    other: UserId,
    primary: IdentifierId,
    second: IdentifierId,
    open: IdentifierId,
    phone: IdentifierId,
    code: Code,
}

impl Subject {
    async fn new<S: UserRepository + Directory + Outbox>(bench: &Bench<S>, number: u32, case: UseCase) -> Self {
        let user = key(&format!("subject {number}")).user;
        let mail = |name: &str| Email::parse(&format!("{name}{number}@example.com")).unwrap();
        let shown = |name: &str| NewAddress::from(Address::from(mail(name))).verified();
        let admin = bench.identity.admin("staff");
        let username = (case != UseCase::SetUsername).then(|| Username::parse(&format!("name{number}")).unwrap());
        let addresses = vec![shown("first"), shown("second")];
        admin.create(NewUser { id: Some(user.clone()), username, addresses, ..NewUser::default() }).await.unwrap();
        let account = bench.identity.account(&user);
        let open = account.add(mail("open")).await.unwrap().outcome;
        let phone = account.add(telephone(number)).await.unwrap().outcome;
        account.start_verification(open).await.unwrap();
        let code = bench.read_mail().await.0.expect("a code");
        if case == UseCase::ClearAttempts {
            account.confirm(open, &wrong(&code)).await.unwrap();
        }
        if case == UseCase::Enable {
            admin.disable(&user).await.unwrap();
        }
        bench.wait(60);
        if case == UseCase::Deliver {
            account.start_verification(phone).await.unwrap();
        }
        let stored = account.get().await.unwrap();
        let primary = stored.primary_email().unwrap().id;
        let second = stored.emails().verified().find(|entry| entry.id != primary).unwrap().id;
        let other = key(&format!("other {number}")).user;
        Self { number, user, other, primary, second, open, phone, code }
    }

    async fn ask<S: UserRepository + Directory + Outbox>(
        &self,
        bench: &Bench<S>,
        case: UseCase,
    ) -> Result<Option<Confirmation>, HolderError> {
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
            UseCase::Resend => drop(account.start_verification(self.open).await?),
            UseCase::ConfirmRight => return Ok(Some(account.confirm(self.open, &self.code).await?.outcome)),
            UseCase::ConfirmWrong => return Ok(Some(account.confirm(self.open, &wrong(&self.code)).await?.outcome)),
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
            UseCase::ReportCredentials => {
                drop(
                    admin
                        .report_credentials(user, Credentials { has_password: true, ..Credentials::default() })
                        .await?,
                );
            }
            UseCase::ReportSignIns => {
                drop(admin.report_sign_ins(user, SignIns { success_count: 1, ..SignIns::default() }).await?);
            }
            UseCase::ReportSignInUse => {
                let sign_in = SignInUse { authenticators: vec!["password".to_owned()], idps: Vec::new() };
                drop(admin.report_sign_in_use(user, self.open, sign_in).await?);
            }
            UseCase::Disable => drop(admin.disable(user).await?),
            UseCase::Enable => drop(admin.enable(user).await?),
            UseCase::Erase => drop(admin.erase(user).await?),
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
    async fn shape<S: UserRepository + Outbox>(&self, store: &S) -> Vec<String> {
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

    async fn is_verified<S: UserRepository>(&self, store: &S, case: UseCase) -> bool {
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

fn telephone(number: u32) -> Phone {
    Phone::from_e164(&format!("+4415149{:05}", 60_000 + number)).expect("a phone number")
}

fn wrong(code: &Code) -> Code {
    Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).expect("a code")
}

/// The outcome of one use case with one failing call.
struct Trial<'a, S> {
    case: UseCase,
    how: Failing,
    call: usize,
    subject: &'a Subject,
    store: &'a S,
    answer: Result<Option<Confirmation>, HolderError>,
    before: Vec<String>,
}

/// Makes every call of every use case fail, one at a time and in both ways, and judges each outcome.
async fn try_all<H: Harness, J: AsyncFn(Trial<'_, H::Store>)>(harness: &H, cases: &[UseCase], judge: J) {
    let bench = Bench::new(&harness.open().await, Policy::default());
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
                judge(Trial { case, how, call, subject: &subject, store, answer, before }).await;
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
pub async fn c48_all_or_nothing(harness: &impl Harness) {
    // The result of each use case when nothing fails.
    let bench = Bench::new(&harness.open().await, Policy::default());
    let mut whole = Vec::new();
    for (number, case) in (20_000..).zip(UseCase::ALL) {
        let subject = Subject::new(&bench, number, case).await;
        let before = subject.shape(&*bench.store).await;
        subject.ask(&bench, case).await.unwrap_or_else(|error| panic!("{case:?} fails although no port does: {error}"));
        let after = subject.shape(&*bench.store).await;
        assert_ne!(before, after, "{case:?} changes something");
        whole.push((case, after));
        bench.wait(100_000);
        bench.identity.deliver_due().await.unwrap();
    }
    try_all(harness, &UseCase::ALL, async |trial: Trial<'_, _>| {
        let Trial { case, how, call, subject, store, answer, before } = trial;
        let shape = subject.shape(store).await;
        let after = whole.iter().find_map(|(other, after)| (*other == case).then_some(after)).expect("a whole one");
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

/// A failing port never makes an address verified, and no success is reported for an address that is not verified
/// (OWASP ASVS 5.0, 16.5.3).
pub async fn c49_a_failing_port_never_verifies(harness: &impl Harness) {
    try_all(harness, &UseCase::ALL, async |trial: Trial<'_, _>| {
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
            let right = case == UseCase::ConfirmRight;
            assert_eq!(confirmation == Confirmation::Verified, right, "{place}: a wrong code is wrong");
        }
    })
    .await;
}
