//! What the time of an answer tells of others: calls on SQLite whose answers are alike, measured in turns. The page that signs in is
//! measured by the benchmark of `identity-axum`, on both databases.

use identity::{Address, Email, IdentifierId, Identity, NewAddress, NewUser, UserId};
use identity_sqlite::Durability;

use crate::alike::{CALLS, row};
use crate::flow::Host;
use crate::measure::{each, timed};
use crate::places;
use crate::sqlite::open;
use crate::table::Row;

pub(crate) fn rows() -> Vec<Row> {
    let (folder, place) = places::in_memory(512);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let identity = Host::new(open(&runtime, &folder.path().join("tells.db"), Durability::Normal)).identity;
    let (mut known, mut crowded, mut free) = (Vec::new(), Vec::new(), Vec::new());
    runtime.block_on(async {
        for number in 0..=CALLS {
            let text = |name: &str| format!("{name}.{number}@mail.example.org");
            known.push(text("known"));
            user(&identity, NewAddress::from(mail(&text("known"))).verified()).await;
            // Five strangers use up the budget of an address.
            for _ in 0..5 {
                let (stranger, id) = user(&identity, mail(&text("crowd"))).await;
                identity.account(&stranger).start_verification(id).await.unwrap();
            }
            crowded.push(user(&identity, mail(&text("crowd"))).await);
            free.push(user(&identity, mail(&text("alone"))).await);
        }
    });
    let unknown: Vec<String> = known.iter().map(|name| name.replace("known", "other")).collect();
    let start = |(user, id): &(UserId, IdentifierId)| {
        let (took, started) = timed(|| runtime.block_on(identity.account(user).start_verification(*id)));
        assert!(started.is_ok(), "the answers are alike");
        each(took, 1)
    };
    let resolve = |name: &String| each(timed(|| runtime.block_on(identity.resolve(name)).unwrap()).0, 1);
    vec![
        row(format!("`start_verification` on SQLite, {place}, withheld"), "sent", [&crowded, &free], start),
        row(format!("`resolve` on SQLite, {place}, of a known name"), "of an unknown one", [&known, &unknown], resolve),
    ]
}

fn mail(text: &str) -> Address {
    Email::parse(text).unwrap().into()
}

async fn user(identity: &Identity, address: impl Into<NewAddress>) -> (UserId, IdentifierId) {
    let new = NewUser { addresses: vec![address.into()], ..NewUser::default() };
    let created = identity.admin("signup").create(new).await.unwrap();
    (created.outcome, created.user.emails().entries().first().unwrap().id)
}
