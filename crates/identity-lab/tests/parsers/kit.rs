use std::time::Duration;

use identity::delivery::Posted;
use identity::history::Event;
use identity::store::UserKey;
use identity::testing::{HandClock, Mailbox};
use identity::{
    Address, Code, CodeKeys, Identity, NewAddress, NewUser, Profile, ProfileChange, ProofBy, Timestamp, UserId,
    Username, Verification,
};
use identity_memory::MemoryStore;
use tokio::runtime::{Builder, Runtime};

pub(crate) const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
/// How long each law tries, where nobody says how long.
pub(crate) const TIME: Duration = Duration::from_millis(800);

/// Which valid text, and its edits: where, how and with what.
pub(crate) type Edits = (u8, Vec<(u16, u8, u8)>);

/// What texts are edited with, besides single bytes.
pub(crate) const PIECES: [&str; 32] = [
    "",
    "@",
    "+",
    "-",
    ".",
    "\0",
    " ",
    "\"",
    "\\",
    "0",
    "9",
    "-1",
    "1e999",
    "18446744073709551616",
    "null",
    "[",
    "{",
    "}",
    ":",
    ",",
    "&",
    "=",
    "%",
    "%00",
    "\u{345}",
    "\u{200b}",
    "\u{ff0b}",
    "\u{661}",
    "ß",
    "İ",
    "xn--",
    "\r\n",
];

pub(crate) fn edited(valid: &[impl AsRef<[u8]>], (which, edits): &Edits) -> Vec<u8> {
    // One of sixteen begins with nothing.
    let valid = if which % 16 == 15 { None } else { valid.get(usize::from(*which) % valid.len()) };
    let mut bytes = valid.map_or(Vec::new(), |valid| valid.as_ref().to_vec());
    for (at, how, what) in edits.iter().take(1 + usize::from(*which) / 32) {
        let at = usize::from(*at) % (bytes.len() + 1);
        let end = (at + usize::from(how / 4 % 8)).min(bytes.len());
        let piece = match how % 4 {
            0 => vec![*what],
            1 => Vec::new(),
            2 => PIECES[usize::from(*what) % PIECES.len()].as_bytes().to_vec(),
            _ => bytes[at..end].repeat(2),
        };
        bytes.splice(at..end, piece);
    }
    bytes
}

/// Judges these, and edited forms of them.
macro_rules! over {
    ($valid:expr, $judge:expr) => {
        let (valid, judge) = (std::panic::AssertUnwindSafe($valid), std::panic::AssertUnwindSafe($judge));
        valid.iter().for_each(|text| judge(text.as_ref()));
        bolero::check!().with_type::<$crate::kit::Edits>().with_test_time($crate::kit::TIME).for_each(
            |edits: &$crate::kit::Edits| {
                let (valid, judge) = (&valid, &judge);
                (judge.0)(&$crate::kit::edited(&valid.0, edits));
            },
        );
    };
}

/// Judges these texts, and edited forms of them.
macro_rules! over_texts {
    ($valid:expr, $judge:expr) => {
        let judge_text = $judge;
        $crate::kit::over!($valid, move |bytes: &[u8]| judge_text(&String::from_utf8_lossy(bytes)));
    };
}

pub(crate) use {over, over_texts};

/// A user with every kind of address, and everything that was written of it.
pub(crate) struct Known {
    pub(crate) identity: Identity,
    pub(crate) store: MemoryStore,
    pub(crate) mailbox: Mailbox,
    pub(crate) key: UserKey,
    pub(crate) runtime: Runtime,
}

pub(crate) fn known() -> Known {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
    let identity = Identity::new(store.clone(), mailbox.clone(), CodeKeys::parse(KEY).expect("a key"));
    let identity = identity.with_clock(HandClock::at(NOW));
    let user = UserId::parse("ada").expect("an id");
    let key = UserKey { tenant: identity.tenant().clone(), user: user.clone() };
    let told = runtime.block_on(async {
        let address = |text| NewAddress::from(Address::parse(text, None).expect("an address"));
        let claims = serde_json::json!({"name": "Ada", "float": 0.1, "deep": [[1], {"a": null}]});
        let admin = identity.admin("staff");
        let new = NewUser {
            id: Some(user.clone()),
            username: Some(Username::parse("Ada").expect("a username")),
            addresses: vec![address("ada@example.com").verified(), address("+441514960453"), address("b@example.com")],
            profile: Profile::default(),
            source: Some("import".into()),
        };
        let created = admin.create(new).await?;
        let change =
            ProfileChange { claims: claims.as_object().cloned().unwrap_or_default(), ..ProfileChange::default() };
        admin.change_profile(&user, &change).await?;
        let account = identity.account(&user);
        for entry in created.user.identifiers().filter(|entry| !entry.is_verified()) {
            let either = Verification { proof: ProofBy::Either, ..Verification::default() };
            admin.start_verification(&user, entry.id, &either).await?;
        }
        let id = created.user.emails().entries()[1].id;
        account.confirm(id, &Code::parse("000000").expect("a code")).await.map(drop).unwrap_or_default();
        // What the holder did can be undone by who is told of it.
        account.add(Address::parse("c@example.com", None).expect("an address")).await.map(drop).unwrap_or_default();
        admin.remove_username(&user).await
    });
    told.expect("nothing fails");
    Known { identity, store, mailbox, key, runtime }
}

impl Known {
    pub(crate) fn posted(&self) -> Vec<Posted> {
        let Self { identity, key, runtime, .. } = self;
        runtime.block_on(identity.admin("staff").posted(&key.user, None, 100)).expect("the store reads")
    }

    /// The token with which ada@example.com undoes what the holder added.
    pub(crate) fn undo(&self) -> String {
        self.runtime.block_on(self.identity.deliver_due()).expect("nothing fails");
        self.mailbox.disavowal("ada@example.com").expect("a notice with a link").reveal()
    }

    pub(crate) fn history(&self) -> Vec<Event> {
        let Self { identity, key, runtime, .. } = self;
        let history = runtime.block_on(identity.admin("staff").history(&key.user, 0, 1_000)).expect("the store reads");
        history.into_iter().map(|recorded| recorded.event).collect()
    }
}
