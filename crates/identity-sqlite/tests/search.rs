//! Searches by the beginning of an address, with few hits and with many.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use common::{Place, creation};
use identity_core::{ClaimKind, TenantId};
use identity_ports::{ListOrder, ListQuery, Prefix, UserRepository as _};
use identity_sqlite::{Durability, SqliteStore};

const USERS: u64 = 5_400;

/// All users with an address that begins so, page by page.
async fn all(store: &SqliteStore, order: ListOrder, text: &str) -> Vec<String> {
    let prefix = Some(Prefix { kind: ClaimKind::Email, text: text.to_owned() });
    let mut query = ListQuery { order, after: None, limit: 613, prefix };
    let mut users = Vec::new();
    loop {
        let page = store.list(&TenantId::default(), &query).await.unwrap();
        users.extend(page.users.iter().map(|stored| stored.user.id().to_string()));
        query.after = page.next;
        if query.after.is_none() {
            return users;
        }
    }
}

#[tokio::test]
async fn few_and_many_hits_come_in_the_same_order() {
    let place = Place::new();
    let store = SqliteStore::options().with_durability(Durability::Normal).open(place.path()).await.unwrap();
    for number in 0..USERS {
        let name = if number % 100 == 0 { format!("rare-{number}") } else { format!("many-{number}") };
        store.commit(creation(&name, number)).await.unwrap();
    }
    let named = |begins: &str| -> Vec<String> {
        let name = |number| if number % 100 == 0 { format!("rare-{number}") } else { format!("many-{number}") };
        (0..USERS).map(name).filter(|name| name.starts_with(begins)).collect()
    };
    for begins in ["", "many-", "many-11", "rare-", "rare-1100", "nobody", "\u{10ffff}"] {
        let expected = named(begins);
        for order in [ListOrder::Created, ListOrder::Updated] {
            assert_eq!(all(&store, order, begins).await, expected, "{begins:?}");
        }
        let backwards: Vec<String> = expected.into_iter().rev().collect();
        for order in [ListOrder::NewestCreated, ListOrder::LatestUpdated] {
            assert_eq!(all(&store, order, begins).await, backwards, "{begins:?}");
        }
    }
    assert!(named("many-").len() > 5_000 && named("rare-")[0] == "rare-0");
}
