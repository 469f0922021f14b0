//! The providers, their faults and their callbacks, around an identity with a clock that is moved by hand.
#![expect(clippy::indexing_slicing, reason = "a body that lacks a member fails the test")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::delivery::{Delivery, DeliveryTicket, MessageId, Router};
use identity::system::Clock;
use identity::{Address, CodeKeys, Error, Identity, Refusal, Timestamp};
use identity_sms_http::{
    CallbackError, Timeouts, TwilioAccount, TwilioCallbacks, TwilioNotifier, WebhookCallbacks, WebhookNotifier,
    WebhookSecret,
};
use identity_sqlite::SqliteStore;
use identity_texts::{Brand, Links, Texts};

use crate::provider::{Provider, Seen, Turn};

pub(crate) const MESSAGES: usize = 10_000;
const TOKEN: &str = "the-token-of-it";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CALLBACKS: &str = "https://host.example.com/callbacks/twilio";

/// A clock that is moved by hand.
#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// What is to become of the messages to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    Fails,
    Bounces,
    /// Every provider refuses the number for good.
    Refused,
    /// Every provider is down for this number.
    Silent,
}

/// A callback as it stands on the wire.
enum Call {
    Form { query: String, body: String, signature: String },
    Json { timestamp: String, body: String, signature: String },
}

#[derive(Default)]
struct Book {
    takes: HashMap<MessageId, Vec<&'static str>>,
    asked: HashMap<MessageId, u32>,
    calls: Vec<Call>,
    /// Seconds by which the latest request came after its message had expired.
    late: Option<i64>,
}

pub(crate) struct World {
    pub(crate) identity: Identity,
    pub(crate) clock: Hand,
    book: Arc<Mutex<Book>>,
    twilio: TwilioCallbacks,
    gateway: WebhookCallbacks,
    _providers: [Provider; 2],
    _folder: tempfile::TempDir,
}

fn keys() -> &'static CodeKeys {
    static KEYS: OnceLock<CodeKeys> = OnceLock::new();
    KEYS.get_or_init(|| CodeKeys::parse(&"5a".repeat(32)).unwrap())
}

/// A number that hangs on both, and on nothing else.
fn mixed(message: MessageId, salt: u32) -> u128 {
    let mixed =
        (message.as_uuid().as_u128() ^ u128::from(salt) << 64).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    mixed >> 90
}

fn fate(to: &str) -> Fate {
    let number: usize = to.trim_start_matches("+44").parse::<usize>().unwrap() - 7_400_000_000;
    match number / 100 {
        0..100 => Fate::Silent,
        100..300 => Fate::Refused,
        number if number % 20 == 7 => Fate::Fails,
        number if number % 20 == 13 => Fate::Bounces,
        _ => Fate::Arrives,
    }
}

impl World {
    pub(crate) async fn start() -> Arc<Self> {
        let clock = Hand(Arc::new(AtomicI64::new(1_800_000_000_000_000)));
        let book = Arc::new(Mutex::new(Book::default()));
        let provider = |name| {
            let (book, clock) = (Arc::clone(&book), clock.clone());
            Provider::start(move |seen| turn(name, seen, &mut book.lock().unwrap(), clock.now()))
        };
        let providers = [provider("form").await, provider("gateway").await];
        let links = Links::new("https://example.com/confirm").unwrap();
        let texts = Texts::builder(Brand::new("Example", links), clock.clone()).build().unwrap();
        let timeouts =
            Timeouts { connect: Duration::from_secs(2), answer: Duration::from_millis(300), ..Timeouts::default() };
        let account = TwilioAccount { sid: "AC1".to_owned(), token: TOKEN.into() };
        let form = TwilioNotifier::new(&providers[0].base, account, "Example", texts.clone()).unwrap();
        let form = form.with_callback(CALLBACKS).unwrap().with_timeouts(timeouts).unwrap();
        let secret = WebhookSecret::parse(SECRET).unwrap();
        let gateway = WebhookNotifier::new(&format!("{}/sms", providers[1].base), secret.clone(), texts).unwrap();
        let router = Router::builder()
            .provider("form", form)
            .provider("gateway", gateway.with_timeouts(timeouts).unwrap())
            .phones(["form", "gateway"])
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("identity.db")).await.unwrap();
        let identity = Identity::new(store, router, keys().clone())
            .with_clock(clock.clone())
            .with_delivery(Delivery::default().with_concurrency(32).with_attempts(100));
        Arc::new(Self {
            identity,
            clock,
            book,
            twilio: TwilioCallbacks::new(TOKEN.into(), CALLBACKS).unwrap(),
            gateway: WebhookCallbacks::new(secret),
            _providers: providers,
            _folder: folder,
        })
    }

    pub(crate) fn fate(&self, to: &Address) -> Fate {
        fate(to.as_str())
    }

    /// Who took a message, each time.
    pub(crate) fn takes(&self, message: MessageId) -> Vec<&'static str> {
        self.book.lock().unwrap().takes.get(&message).cloned().unwrap_or_default()
    }

    pub(crate) fn latest_after_expiry(&self) -> Option<i64> {
        self.book.lock().unwrap().late
    }

    /// Half of the callbacks that are there, the latest ones first, come in. Gives how many were refused as forged.
    pub(crate) async fn report_half(self: &Arc<Self>) -> usize {
        let calls = {
            let mut book = self.book.lock().unwrap();
            let half = book.calls.len() / 2;
            book.calls.split_off(half)
        };
        self.report(calls).await
    }

    /// All that are left.
    pub(crate) async fn report_rest(self: &Arc<Self>) -> usize {
        let calls = std::mem::take(&mut self.book.lock().unwrap().calls);
        self.report(calls).await
    }

    /// As many side by side as a provider's callbacks come in.
    async fn report(self: &Arc<Self>, calls: Vec<Call>) -> usize {
        let calls = Arc::new(Mutex::new(calls));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let (world, calls) = (Arc::clone(self), Arc::clone(&calls));
            tasks.spawn(async move {
                let mut forged = 0;
                loop {
                    let Some(call) = calls.lock().unwrap().pop() else { return forged };
                    forged += usize::from(world.report_one(&call).await);
                }
            });
        }
        tasks.join_all().await.into_iter().sum()
    }

    /// Gives whether the callback was refused as forged.
    async fn report_one(&self, call: &Call) -> bool {
        let now = self.clock.now();
        let read = match call {
            Call::Form { query, body, signature } => self.twilio.read(query, body, signature, now),
            Call::Json { timestamp, body, signature } => {
                self.gateway.read("callback", timestamp, signature, body.as_bytes(), now)
            }
        };
        let callback = match read {
            Ok(callback) => callback,
            Err(CallbackError::Forged) => return true,
            // It was signed when the message was taken, and came in too late.
            Err(CallbackError::Stale) => return false,
            Err(error) => panic!("{error}"),
        };
        match self.identity.admin("provider").report_delivery(&callback.ticket, &callback.report).await {
            Ok(_) => false,
            Err(Error::Refused(Refusal::TicketForged)) => true,
            Err(error) => panic!("{error}"),
        }
    }
}

fn turn(name: &'static str, seen: &Seen, book: &mut Book, now: Timestamp) -> Turn {
    let (ticket, to, expires_at) = if name == "form" {
        let callback = seen.field("StatusCallback");
        let ticket = callback.rsplit_once('=').unwrap().1.to_owned();
        (ticket, seen.field("To"), None)
    } else {
        let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (text("ticket"), text("to"), body["expires_at"].as_i64())
    };
    let message = keys().message(&DeliveryTicket::parse(&ticket).unwrap()).unwrap();
    // Every code was asked for at the beginning, and lives 600 s.
    let after = now.as_secs() - expires_at.unwrap_or(1_800_000_600);
    if after >= 0 {
        book.late = book.late.max(Some(after));
    }
    let fate = fate(&to);
    match fate {
        Fate::Silent => return Turn::Answer(503, "", ""),
        Fate::Refused => return Turn::Answer(400, "", "{\"code\": 21211}"),
        _ => {}
    }
    let asked = book.asked.entry(message).or_default();
    *asked += 1;
    let turn = match mixed(message, *asked) % 100 {
        0..5 => Turn::Answer(500, "", ""),
        5..8 => Turn::Answer(503, "", ""),
        8 => Turn::Answer(429, "retry-after: 7\r\n", ""),
        9..13 => Turn::TakeAndStall,
        13..16 => Turn::TakeAndReset,
        16..18 => Turn::Reset,
        18..20 => Turn::TakeSlowly(Duration::from_millis(20)),
        _ => Turn::Take,
    };
    if !matches!(turn, Turn::Reset | Turn::Answer(..)) {
        book.takes.entry(message).or_default().push(name);
        call(name, &ticket, fate, message, now, &mut book.calls);
    }
    turn
}

/// The callbacks of a message that was taken: what became of it, twice, then what came before that, and forged ones of some.
fn call(name: &str, ticket: &str, fate: Fate, message: MessageId, now: Timestamp, calls: &mut Vec<Call>) {
    let (status, code) = match fate {
        Fate::Fails => ("undelivered", "30003"),
        Fate::Bounces => ("undelivered", "30005"),
        _ => ("delivered", ""),
    };
    let form = |ticket: &str, status: &str, code: &str, token: &str| {
        let query = format!("ticket={ticket}");
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes()).unwrap();
        mac.update(format!("{CALLBACKS}?{query}ErrorCode{code}MessageStatus{status}").as_bytes());
        let signature = BASE64.encode(mac.finalize().into_bytes());
        Call::Form { query, body: format!("MessageStatus={status}&ErrorCode={code}"), signature }
    };
    let json = |ticket: &str, status: &str, key: &[u8]| {
        let (timestamp, body) =
            (now.as_secs().to_string(), format!("{{\"ticket\": \"{ticket}\", \"status\": \"{status}\"}}"));
        let mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        let mac = mac.chain_update(format!("callback.{timestamp}.{body}"));
        Call::Json { signature: format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())), timestamp, body }
    };
    let key = BASE64.decode(&SECRET[6..]).unwrap();
    // A ticket of the same message that the host did not make: its last letter is another one.
    let mut other = ticket.to_owned();
    let last = if other.pop() == Some('a') { 'b' } else { 'a' };
    other.push(last);
    let forge = mixed(message, 99).is_multiple_of(10);
    if name == "form" {
        if forge {
            calls.push(form(ticket, "failed", "30005", "another-token"));
            calls.push(form(&other, "failed", "30005", TOKEN));
        }
        calls.push(form(ticket, "sent", "", TOKEN));
        calls.push(form(ticket, status, code, TOKEN));
        calls.push(form(ticket, status, code, TOKEN));
    } else {
        let status = match fate {
            Fate::Fails => "failed",
            Fate::Bounces => "bounced",
            _ => "delivered",
        };
        if forge {
            calls.push(json(ticket, "bounced", &[0; 32]));
            calls.push(json(&other, "bounced", &key));
        }
        calls.push(json(ticket, "accepted", &key));
        calls.push(json(ticket, status, &key));
        calls.push(json(ticket, status, &key));
    }
}
