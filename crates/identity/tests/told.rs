//! c15: no code, key or unmasked address in what is told to whoever listens, in `Debug`, or in an error.
//!
//! A program of its own: whether a place in the code is listened to is remembered for all threads, and tests beside this one
//! would race for it.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

#[expect(dead_code, reason = "the laws use all of it")]
#[path = "laws/kit.rs"]
mod kit;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use identity::policy::{DisposableDomains, MailboxLimit, Mode, RestrictionPolicy};
use identity::sign_in::{Login, SignInRequest, SignInTicket};
use identity::{Code, Identity, LinkToken, NewAddress, NewUser, ProofBy, TenantId, Username, Verification};
use identity_axum::{Entered, sign_in_page};
use identity_memory::MemoryStore;
use identity_texts::{Brand, Links, Texts};
use kit::{CountedEntropy, HandClock, Host, Mailbox, address, secs};
use tower::ServiceExt as _;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn told(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_host_whose_messages_nobody_delivers_is_told_once() {
    let log = Log::default();
    let _guard = log.listen();
    let warned = || log.told().matches("event=\"no_worker\"").count();
    let clock = HandClock::default();
    let on = |store: &MemoryStore| {
        Identity::new(store.clone(), Mailbox::default(), kit::keys())
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default())
    };
    let ask = async |identity: &Identity, times: usize| {
        let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let account = identity.account(&user);
        let id = account.add(address("ada@example.com")).await.unwrap().outcome;
        for _ in 0..times {
            account.start_verification(id).await.unwrap();
            clock.forward(secs(50));
        }
    };
    let identity = on(&MemoryStore::new());
    ask(&identity, 2).await;
    assert_eq!(warned(), 0, "a message may wait for a minute");
    identity.sign_in().start(identity::Email::parse("eve@example.com").unwrap()).await.unwrap();
    assert_eq!(warned(), 1);
    clock.forward(secs(600));
    ask(&identity.for_tenant(TenantId::parse("acme").unwrap()), 4).await;
    assert_eq!(warned(), 1, "once for all clones and tenants");
    for delivers in [true, false] {
        let store = MemoryStore::new();
        let identity = on(&store);
        if delivers {
            identity.deliver_due().await.unwrap();
        }
        for _ in 0..3 {
            ask(&identity, 1).await;
            // Another process delivers: this one finds its messages gone.
            if !delivers {
                on(&store).deliver_due().await.unwrap();
            }
            clock.forward(secs(600));
        }
    }
    assert_eq!(warned(), 1, "nobody is told whose messages somebody delivers");
}

#[tokio::test]
async fn c15_no_code_key_or_unmasked_address_is_told() {
    let log = Log::default();
    let _guard = log.listen();

    let list = DisposableDomains::new("2026-11-21", ["trash.example"]).unwrap();
    let recording = RestrictionPolicy::builder().disposable(list, Mode::Record).build().unwrap();
    let limit = MailboxLimit::new(1, Mode::Record).unwrap();
    let policy = identity::Policy::default().with_restriction(recording).with_mailbox_limit(Some(limit));
    let host = Host::new().with_policy(policy);
    let mut debug = String::new();
    let mut note = |text: String| debug.push_str(&text);
    let user = host.user_with(&["canary.one@example.com", "+441514960453"]).await;
    let account = host.identity.account(&user);
    let admin = host.identity.admin("staff");
    let id = host.added(&account, "canary.two@example.com").await;
    note(format!("{:?}", account.confirm(id, &Code::parse("999999").unwrap()).await));
    let code = host.mailbox.code("canary.two@example.com").unwrap();
    note(format!("{code:?} {:?} {:?}", host.mailbox.messages(), host.identity));
    note(format!("{:?}", account.confirm(id, &code).await));
    note(format!("{:?}", account.add(address("canary.two@example.com")).await));
    note(format!("{:?}", admin.set_username(&user, &Username::parse("canary.name").unwrap(), None).await));
    let next = account.replace(id, identity::Email::parse("canary.three@example.com").unwrap()).await;
    note(format!("{next:?}"));
    let next = next.unwrap().outcome;
    let issued = admin.issue_code(&user, next).await.unwrap();
    note(format!("{issued:?}"));
    note(format!("{:?}", admin.find(&address("canary.one@example.com")).await));
    note(format!("{:?}", admin.history(&user, 0, 100).await));
    note(format!("{:?}", admin.export(None, 10).await));
    // A second user of a mailbox is told of, and nothing more.
    host.user_with(&["canary.one+tag@example.com"]).await;
    // A second owner of the same address is refused, with an error that is told.
    let other = host.user().await;
    let taken = admin.add(&other, NewAddress::from(address("canary.one@example.com")).verified()).await;
    note(format!("{taken:?} {}", taken.as_ref().unwrap_err()));
    let too_long = Verification { hint: Some("x".repeat(5_000).into()), ..Verification::default() };
    note(format!("{:?}", account.start_verification_with(next, &too_long).await));
    let text = "canary.one@example.com".to_owned();
    note(format!("{:?}", identity::directory::Search::new(&text)));
    note(format!("{:?}", identity::directory::Prefix { kind: identity::address::ClaimKind::Email, text }));
    // The holder's error does not say why an address is unavailable; the log does.
    let unavailable = account.add(address("+449012345678")).await.unwrap_err();
    note(format!("{unavailable:?} {unavailable}"));
    // An address on a list that only records is added, and told once.
    account.add(address("canary.four@mx.trash.example")).await.unwrap();
    admin.update_claims(None, 1_000).await.unwrap();
    admin.disable(&user).await.unwrap();
    admin.enable(&user).await.unwrap();
    // A report is told, and so is a budget that strangers used up.
    let pending = admin.posted(&user, None, 100).await.unwrap();
    let ticket = kit::keys().ticket(pending.first().unwrap().message.id);
    let report =
        identity::delivery::Report::new(identity::delivery::DeliveryState::Complained, pending[0].message.created_at);
    note(format!("{:?} {pending:?}", admin.report_delivery(&ticket, &report.with_detail("arf")).await));
    for _ in 0..6 {
        let stranger = host.identity.account(&host.user().await);
        let id = stranger.add(address("canary.victim@example.com")).await.unwrap().outcome;
        note(format!("{:?}", stranger.start_verification(id).await));
    }
    host.clock.forward(secs(601));
    note(format!("{:?}", host.identity.deliver_due().await));
    note(format!("{:?}", account.confirm(next, &issued.outcome.code).await));
    note(format!("{:?}", host.identity.resolve("canary.one@example.com").await));

    let told = log.told();
    assert!(told.contains("account.confirm") && told.contains("sent"), "the listener heard: {told}");
    for fields in [
        "identity::delivery: leased messages event=\"leased\" count=1",
        "identity::delivery: event=\"sent\" id=",
        "channel=\"email\" provider=\"\" attempts=1 uncertain=0 waited_ms=0",
        "identity::delivery: settled messages event=\"settled\" count=1",
        "identity::delivery: event=\"expired\" id=",
        "identity::delivery: event=\"reported\" id=",
        "state=\"complained\"",
        "use_case=\"account.add\" tenant=default}: identity::refused: refused code=\"restricted\" reason=this address is refused",
        "use_case=\"admin.add\" tenant=default}: identity::refused: refused code=\"email_taken\" reason=this e-mail address",
        "use_case=\"admin.update_claims\" tenant=default}: identity::claims: done changed=0 conflicts=1",
        "identity::spend: event=\"exhausted\" tenant=default kind=\"address\" quota=\"",
        "limit=5 drawn=5 amount=1 window=600 retry_at=",
        "effect=\"withheld\"",
        "identity::restriction: event=\"recorded\" tenant=default list=\"disposable\" date=\"2026-11-21\" entry=\"trash.example\"",
        "identity::restriction: event=\"recorded\" tenant=default list=\"mailbox\" mailbox=\"",
    ] {
        assert!(told.contains(fields), "as the manual says: {fields}\n{told}");
    }
    assert_eq!(told.matches("identity::restriction").count(), 2, "a listed address is told when it is added");
    nothing_of(&["canary", "1514960453", "5a5a5a", code.reveal(), issued.outcome.code.reveal()], &told);
    nothing_of(&["canary", "1514960453", "5a5a5a", code.reveal(), issued.outcome.code.reveal()], &debug);
}

/// Asserts that none of these is in a text.
fn nothing_of(secrets: &[&str], text: &str) {
    for secret in secrets {
        // Ids are hexadecimal and times are digits: a code could stand in one by chance, so look for it as a word.
        let is_code = secret.len() == 6 && *secret != "canary";
        let found = match is_code {
            true => text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == *secret),
            false => text.contains(secret),
        };
        assert!(!found, "{secret} is in:\n{text}");
    }
}

/// What a sign-in has that nobody else may know.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn add(&mut self, secret: &str) -> String {
        self.0.push(secret.to_owned());
        secret.to_owned()
    }

    /// The code and the link that came to an address.
    async fn come(&mut self, host: &Host, to: &str) -> (Code, LinkToken) {
        host.identity.deliver_due().await.unwrap();
        let (code, link) = (host.mailbox.code(to).unwrap(), host.mailbox.link(to).unwrap());
        self.add(code.reveal());
        self.add(&link.reveal());
        (code, link)
    }
}

#[tokio::test]
async fn c15_a_whole_sign_in_tells_no_address_code_link_or_ticket() {
    let log = Log::default();
    let _guard = log.listen();
    let host = Host::new();
    let (sign_in, wrong) = (host.identity.sign_in(), Code::parse("wrong").unwrap());
    let (mut secrets, mut debug) = (Secrets::default(), String::new());
    let ada = host.user_with(&["canary.one@example.com"]).await;
    let name = Username::parse("canary.name").unwrap();
    host.identity.admin("staff").set_username(&ada, &name, None).await.unwrap();
    for (typed, to) in [
        ("canary.one@example.com", "canary.one@example.com"),
        ("canary.new@example.com", "canary.new@example.com"),
        ("+441514960453", "+441514960453"),
        ("canary.name", "canary.one@example.com"),
    ] {
        let request = SignInRequest { by: ProofBy::Either, ..SignInRequest::default() };
        for by_link in [false, true] {
            let login = Login::parse(typed).unwrap();
            debug += &format!("{login:?}");
            let started = sign_in.start_with(login, &request).await.unwrap();
            secrets.add(started.ticket.as_str());
            let (code, link) = secrets.come(&host, to).await;
            let missed = sign_in.confirm(&started.ticket, &wrong).await;
            let foreign = sign_in.confirm(&SignInTicket::new("made.up"), &code).await;
            let proof = match by_link {
                true => sign_in.confirm_link(&started.ticket, &link).await,
                false => sign_in.confirm(&started.ticket, &code).await,
            };
            debug += &format!("{started:?} {code:?} {link:?} {missed:?} {foreign:?} {proof:?}");
            let found = proof.unwrap().unwrap().find_or_create(NewUser::default()).await;
            debug += &format!("{found:?} {:?}", sign_in.confirm(&started.ticket, &code).await);
            host.clock.forward(secs(700));
        }
    }
    let account = host.identity.account(&ada);
    let id = account.get().await.unwrap().primary_email().unwrap().id;
    let started = account.step_up(id).await.unwrap();
    secrets.add(started.ticket.as_str());
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code("canary.one@example.com").unwrap();
    secrets.add(code.reveal());
    debug += &format!("{:?}", account.confirm_step_up(&started.ticket, &wrong).await);
    debug += &format!("{:?}", account.confirm_step_up(&started.ticket, &code).await.unwrap().unwrap());
    host.clock.forward(secs(700));
    by_page(&host, &mut secrets).await;

    let told = log.told();
    for heard in ["use_case=\"sign_in.confirm\"", "event=\"sent\"", "use_case=\"admin.create\""] {
        assert!(told.contains(heard), "the listener heard {heard}: {told}");
    }
    let mut all: Vec<&str> = secrets.0.iter().map(String::as_str).collect();
    all.extend(["canary", "1514960453", "5a5a5a"]);
    nothing_of(&all, &told);
    nothing_of(&all, &debug);
}

/// The same with the page of `identity-axum`.
async fn by_page(host: &Host, secrets: &mut Secrets) {
    let links = |path: &str| Links::new(&format!("https://accounts.example.com/{path}/link")).unwrap();
    let brand = Brand::new("Example", links("account")).with_sign_in_links(links("sign-in"));
    let texts = Texts::builder(brand, host.clock.clone()).build().unwrap();
    let begin = async |entered: Entered| entered.user.as_str().to_owned();
    let router = Router::new().nest("/sign-in", sign_in_page(host.identity.clone(), texts, begin));
    let send = async |method: &str, path: &str, cookie: &str, body: String| {
        let request = Request::builder().method(method).uri(format!("/sign-in{path}")).header("cookie", cookie);
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(body)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let cookie = response.headers().get("set-cookie").map_or("", |cookie| cookie.to_str().unwrap());
        (response.status().as_u16(), cookie.split(';').next().unwrap().to_owned())
    };
    for by_link in [false, true] {
        assert_eq!(send("POST", "", "", "do=start&address=canary.is.none".to_owned()).await.0, 422);
        let (status, cookie) = send("POST", "", "", "do=start&address=canary.two%40example.com".to_owned()).await;
        secrets.add(cookie.split_once('=').unwrap().1);
        let (code, link) = secrets.come(host, "canary.two@example.com").await;
        let confirm = |code: &str| format!("do=confirm&address=canary.two%40example.com&code={code}");
        assert_eq!(status, 200);
        assert_eq!(send("POST", "", &cookie, confirm("wrong")).await.0, 422);
        let link = format!("tenant=default&token={}", link.reveal());
        assert_eq!(send("GET", &format!("/link?{link}"), &cookie, String::new()).await.0, 200);
        assert_eq!(send("POST", "/link", "", link.clone()).await.0, 400, "of another browser");
        let (path, body) = if by_link { ("/link", link) } else { ("", confirm(code.reveal())) };
        assert_eq!(send("POST", path, &cookie, body.clone()).await.0, 200);
        assert!(send("POST", path, &cookie, body).await.0 >= 400, "it works once");
        host.clock.forward(secs(700));
    }
}
