//! The bill has a limit, with the settings as they are shipped.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "what cannot be made fails its test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser as _;
use identity::system::Clock;
use identity::{
    Accepted, Address, Error, Identity, NewUser, Notice, Notifier, NotifyError, Phone, RefusalKind, Timestamp,
};
use messages::Settings;
use serde_json::json;

use crate::host::Host;
use crate::mail::host;
use crate::mail_server::Server;

const DAY: Duration = Duration::from_secs(86_400);

/// A clock that is moved by hand.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// A provider that counts the text messages to each country calling code.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<BTreeMap<u16, usize>>>);

impl Counting {
    fn all(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }

    fn most_to_one_country(&self) -> usize {
        self.0.lock().unwrap().values().copied().max().unwrap_or(0)
    }
}

#[identity::async_trait]
impl Notifier for Counting {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let Address::Phone(phone) = &notice.message.to else { panic!("only phones are asked for here") };
        *self.0.lock().unwrap().entry(phone.country_code()).or_default() += 1;
        Ok(Accepted::default())
    }
}

/// The use cases with the policy of these settings, over a database in a folder.
async fn with_settings(folder: &tempfile::TempDir, arguments: &[&str]) -> (Identity, Hand, Counting) {
    let database = folder.path().join("identity.db");
    let always = ["messages", "--key", &"5a".repeat(32), "--database", database.to_str().unwrap()];
    let settings = Settings::try_parse_from(always.iter().chain(arguments)).unwrap();
    let (clock, provider) = (Hand(Arc::new(AtomicI64::new(1_800_000_000))), Counting::default());
    let policy = settings.policy().unwrap();
    let identity = settings.host.identity(provider.clone(), policy).await.unwrap();
    (identity.with_clock(clock.clone()), clock, provider)
}

/// A number of one of the first `countries` of five, in a block of its own.
fn phone(number: u64, countries: u64) -> Address {
    let first: [u64; 5] = [447_400_000_000, 4_915_112_300_000, 33_612_300_000, 34_612_300_000, 393_123_000_000];
    let country = usize::try_from(number % countries).unwrap();
    Phone::from_e164(&format!("+{}", first[country] + 100 * number)).unwrap().into()
}

/// Four times in a day every user adds a number and asks for a code. Returns how many requests were refused until later.
async fn a_day(identity: &Identity, clock: &Hand, users: usize, countries: u64, numbers: &mut u64) -> usize {
    let mut refused = 0;
    let mut ids = Vec::new();
    for _ in 0..users {
        ids.push(identity.admin("test").create(NewUser::default()).await.unwrap().outcome);
    }
    // The last quarter ends just before the day does.
    for _ in 0..4 {
        for id in &ids {
            *numbers += 1;
            let added = identity.account(id).add(phone(*numbers, countries)).await.unwrap().outcome;
            match identity.account(id).start_verification(added).await {
                Ok(_) => {}
                Err(Error::Refused(refusal)) if refusal.kind() == RefusalKind::TooSoon => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        identity.deliver_due().await.unwrap();
        clock.0.fetch_add(DAY.as_secs().cast_signed() / 4 - 1, Ordering::SeqCst);
    }
    refused
}

#[tokio::test]
async fn a_host_as_it_is_shipped_sends_no_more_in_a_day_than_its_budgets_say() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, clock, provider) = with_settings(&folder, &[]).await;
    let mut numbers = 0;
    // 50.00 at 0.10 each.
    let refused = a_day(&identity, &clock, 250, 5, &mut numbers).await;
    assert_eq!((provider.all(), provider.most_to_one_country(), refused), (500, 100, 500));
    // A new day has a new budget: this one goes to one country, which has 20.00.
    clock.0.fetch_add(10, Ordering::SeqCst);
    let refused = a_day(&identity, &clock, 250, 1, &mut numbers).await;
    assert_eq!((provider.all(), provider.most_to_one_country(), refused), (700, 300, 800));
}

#[tokio::test]
async fn each_limit_holds_by_itself() {
    for (arguments, all, one) in [
        (&["--sends-per-day", "30"][..], 30, 6),
        (&["--sends-per-country", "7"], 35, 7),
        (&["--spend-per-day", "2.50", "--spend-per-country", "2.50"], 25, 5),
        (&["--spend-per-country", "0.40"], 20, 4),
        (&["--spend-per-country", "0.40", "--sms-prices", "44=0.20,39=0.40"], 2 + 1 + 4 + 4 + 4, 4),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (identity, clock, provider) = with_settings(&folder, arguments).await;
        a_day(&identity, &clock, 20, 5, &mut 0).await;
        assert_eq!((provider.all(), provider.most_to_one_country()), (all, one), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_limits_are_said_at_the_start_and_hold_for_mail() {
    let server = Server::start();
    let host: Host = host(&server, &[("IDENTITY_SENDS_PER_DAY", "2"), ("IDENTITY_SMS_PRICES", "1=0.0079")]);
    let line = host.log().line_with(&["limits of spending"]);
    assert!(line.contains("at most 2 codes and links and 50.00 of money in 24 h"), "{line}");
    assert!(line.contains("500 text messages and 20.00 to one country"), "{line}");
    assert!(line.contains("costs 0.10, to +1 0.0079"), "{line}");
    for (number, status) in [(1, 202), (2, 202), (3, 429)] {
        let (_, address) = host.user("en", json!({ "email": format!("ada{number}@example.org") })).await;
        let asked = host.ask(&address, "code").await;
        assert_eq!(asked.status, status, "{number}: {}", asked.text);
    }
}
