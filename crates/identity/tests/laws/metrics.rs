//! What is counted: the table of the manual, and nothing that names a person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use identity::delivery::Router;
use identity::rules::Seed;
use identity::store::{CommitError, ForeignError, UserRepository as _};
use identity::system::{Entropy, EntropyError};
use identity::testing::{HandClock, Mailbox};
use identity::{Accepted, Code, Email, Identity, NewAddress, NewUser, Notice, Notifier, NotifyError, StoreError};
use identity_memory::MemoryStore;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::kit::{Host, address, keys, secs};

/// Installs a recorder for this thread, on which the whole test runs.
fn listen() -> (metrics::LocalRecorderGuard<'static>, PrometheusHandle) {
    let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
    let handle = recorder.handle();
    (metrics::set_default_local_recorder(recorder), handle)
}

/// The value of a series as it is exported; 0 when there is none.
fn value(handle: &PrometheusHandle, series: &str) -> f64 {
    let text = handle.render();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// Accepts mail by its local part.
struct Moody;

#[identity::async_trait]
impl Notifier for Moody {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        match notice.message.to.as_str().split('@').next() {
            Some("later") => Err(NotifyError::transient("busy")),
            Some("silent") => Err(NotifyError::unknown("no answer")),
            Some("gone") => Err(NotifyError::permanent("no such mailbox")),
            _ => Ok(Accepted::default()),
        }
    }
}

#[tokio::test]
async fn use_cases_are_counted_by_their_outcome() {
    let (_guard, handle) = listen();
    let host = Host::new();
    let count = |use_case: &str, outcome: &str| {
        value(&handle, &format!("identity_use_cases_total{{use_case=\"{use_case}\",outcome=\"{outcome}\"}}"))
    };
    let account = host.account().await;
    let id = host.added(&account, "ada@example.com").await;
    account.confirm(id, &Code::parse("wrong").unwrap()).await.unwrap();
    account.confirm(id, &host.mailbox.code("ada@example.com").unwrap()).await.unwrap();
    account.add(Email::parse("ada@example.com").unwrap()).await.unwrap_err();
    assert_eq!((count("admin.create", "done"), count("account.add", "done")), (1.0, 1.0));
    assert_eq!((count("account.confirm", "wrong"), count("account.confirm", "done")), (1.0, 1.0));
    assert_eq!(count("account.add", "duplicate"), 1.0);

    let ticket = host.identity.sign_in().start(Email::parse("ada@example.com").unwrap()).await.unwrap().ticket;
    host.identity.sign_in().confirm(&ticket, &Code::parse("wrong").unwrap()).await.unwrap();
    assert_eq!((count("sign_in.start", "done"), count("sign_in.confirm", "wrong")), (1.0, 1.0));
}

/// A source of randomness that is dry.
struct Dry;

impl Entropy for Dry {
    fn seed(&self) -> Result<Seed, EntropyError> {
        Err(EntropyError(ForeignError::new("the source ran dry")))
    }
}

#[tokio::test]
async fn what_failed_is_counted_by_its_reason() {
    let (_guard, handle) = listen();
    let count = |outcome: &str| {
        value(&handle, &format!("identity_use_cases_total{{use_case=\"admin.disable\",outcome=\"{outcome}\"}}"))
    };
    let store = MemoryStore::new();
    let identity = Identity::new(store, Mailbox::default(), keys());
    let ada = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
    for error in [CommitError::Conflict, StoreError::failed("broken").into()] {
        let failing = identity.with_commit(move |_| {
            let error = error.clone();
            async move { Err(error) }
        });
        failing.admin("test").disable(&ada).await.unwrap_err();
    }
    identity.with_entropy(Dry).admin("test").disable(&ada).await.unwrap_err();
    for outcome in ["contended", "store_failed", "entropy_failed"] {
        assert_eq!(count(outcome), 1.0, "{outcome}\n{}", handle.render());
    }
    assert_eq!(count("done"), 0.0);
}

/// The use cases over a store, whose first three commits meet a conflict.
fn contended(identity: &Identity, store: MemoryStore) -> Identity {
    let left = Arc::new(AtomicU32::new(3));
    identity.with_commit(move |commit| {
        let (store, left) = (store.clone(), Arc::clone(&left));
        async move {
            match left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
                Ok(_) => Err(CommitError::Conflict),
                Err(_) => store.commit(commit).await,
            }
        }
    })
}

#[tokio::test]
async fn conflicts_are_counted() {
    let (_guard, handle) = listen();
    let store = MemoryStore::new();
    let identity = Identity::new(store.clone(), Mailbox::default(), keys());
    let ada = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
    contended(&identity, store).admin("test").disable(&ada).await.unwrap();
    assert_eq!(value(&handle, "identity_conflicts_total"), 3.0);
}

#[tokio::test]
async fn messages_are_counted_by_channel_provider_and_outcome() {
    let (_guard, handle) = listen();
    let router = Router::builder().provider("post", Moody).emails(["post"]).build().unwrap();
    let clock = HandClock::default();
    let identity = Identity::new(MemoryStore::new(), router, keys()).with_clock(clock.clone());
    for to in ["ada@example.com", "later@example.com", "silent@example.com", "gone@example.com"] {
        let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let id = identity.account(&user).add(Email::parse(to).unwrap()).await.unwrap().outcome;
        identity.account(&user).start_verification(id).await.unwrap();
    }
    identity.deliver_due().await.unwrap();
    let count = |outcome: &str| {
        let labels = format!("{{channel=\"email\",provider=\"post\",outcome=\"{outcome}\"}}");
        value(&handle, &format!("identity_messages_total{labels}"))
    };
    for outcome in ["sent", "retried", "uncertain", "dead_letter"] {
        assert_eq!(count(outcome), 1.0, "{outcome}\n{}", handle.render());
    }
    // Those that wait for their next attempts expire.
    clock.forward(secs(86_401));
    identity.deliver_due().await.unwrap();
    assert_eq!((count("expired"), count("sent")), (2.0, 1.0), "{}", handle.render());
}

/// A loop that delivers to nobody who takes anything, until it was about for a moment.
async fn deliver_for_a_moment(identity: &Identity) {
    identity.deliver_until(tokio::time::sleep(std::time::Duration::from_millis(1))).await;
}

#[tokio::test(start_paused = true)]
async fn the_loop_watches_the_outbox() {
    let (_guard, handle) = listen();
    let host = Host::new();
    let router = Router::builder().provider("post", Moody).emails(["post"]).build().unwrap();
    let identity = Identity::new(MemoryStore::new(), router, keys()).with_clock(host.clock.clone());
    let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let id = identity.account(&user).add(Email::parse("later@example.com").unwrap()).await.unwrap().outcome;
    identity.account(&user).start_verification(id).await.unwrap();
    let oldest_due = || value(&handle, "identity_outbox_oldest_due_seconds");
    host.clock.forward(secs(90));
    deliver_for_a_moment(&identity).await;
    assert_eq!((value(&handle, "identity_outbox_pending"), oldest_due()), (1.0, 90.0));
    deliver_for_a_moment(&identity).await;
    assert_eq!(
        (value(&handle, "identity_outbox_pending"), oldest_due()),
        (1.0, 0.0),
        "its next attempt is not due yet"
    );
}

/// The rows of the manual's table: name, kind and labels.
fn table() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let rows = include_str!("../../src/manual/metrics.md").lines().filter(|line| line.starts_with("| `identity_"));
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let [_, name, kind, _, labels, ..] = cells[..] else { panic!("{row}") };
        (code(name).pop_first().unwrap(), (kind.trim().to_owned(), code(labels)))
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_runs_looks_at_the_outbox_every_ten_seconds() {
    let (_guard, handle) = listen();
    let host = Host::new();
    let router = Router::builder().provider("post", Moody).emails(["post"]).build().unwrap();
    let identity = Identity::new(MemoryStore::new(), router, keys()).with_clock(host.clock.clone());
    let pending = || value(&handle, "identity_outbox_pending");
    let watch = async {
        tokio::time::sleep(secs(1)).await;
        assert_eq!(pending(), 0.0);
        let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let id = identity.account(&user).add(Email::parse("later@example.com").unwrap()).await.unwrap().outcome;
        identity.account(&user).start_verification(id).await.unwrap();
        for _ in 0..60 {
            host.clock.forward(secs(1));
            tokio::time::sleep(secs(1)).await;
        }
        assert_eq!(pending(), 1.0, "{}", handle.render());
    };
    identity.deliver_until(watch).await;
}

#[tokio::test(start_paused = true)]
async fn the_manual_lists_what_is_emitted_and_no_label_names_a_person() {
    let (_guard, handle) = listen();
    let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
    let identity = Identity::new(store.clone(), mailbox.clone(), keys());
    let addresses =
        ["ada@example.com", "+441514960453"].map(|text| NewAddress::from(address(text)).verified()).to_vec();
    let user = identity.admin("staff").create(NewUser { addresses, ..NewUser::default() }).await.unwrap().outcome;
    contended(&identity, store).account(&user).add(address("lovelace@example.net")).await.unwrap();
    identity.deliver_due().await.unwrap();
    assert!(mailbox.notices().iter().any(|notice| notice.message.to == address("ada@example.com")));
    deliver_for_a_moment(&identity).await;
    let text = handle.render();
    let mut emitted: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            emitted.entry(name.to_owned()).or_default().0 = kind.to_owned();
        } else if !line.starts_with('#') {
            let labels =
                line.split('"').step_by(2).filter_map(|part| part.strip_suffix('=')?.rsplit(['{', ',']).next());
            let name = line.split(['{', ' ']).next().unwrap();
            emitted.entry(name.to_owned()).or_default().1.extend(labels.map(str::to_owned));
        }
    }
    assert_eq!(emitted, table(), "the table of the manual's page `metrics` is not what is emitted:\n{text}");
    for private in ["ada", "lovelace", "1514", "staff", "default", user.as_str()] {
        assert!(!text.contains(private), "{private} is told:\n{text}");
    }
}
