//! Laws of import, export, lists and histories.

use identity::address::ClaimKind;
use identity::directory::{Cursor, ListOrder, ListQuery, Prefix};
use identity::import::{Imported, UserRecord};
use identity::user::Method;
use identity::{Refusal, UserId, Username};

use crate::kit::{Host, secs};

fn record(json: &str) -> UserRecord {
    serde_json::from_str(json).unwrap()
}

fn ada() -> UserRecord {
    record(
        r#"{"id":"UOtBaOybB6dTpIJNrnkRw","created_at":1640975400000000,"updated_at":1640975400000000,"disabled":true,
        "username":{"id":"9082b772-dbf6-4610-a71e-05fb93c0ab73","username":"ada","source":"monocloud"},
        "emails":[{"id":"6cec8047-6149-4d9b-8d99-91c83c22a9dc","address":"Ada@Example.com","primary":true,
            "verified":{"source":"monocloud"},"source":"monocloud"},
            {"address":"other@example.com"}],
        "phones":[{"id":"ab66b6a2-df6b-4f9d-9eb2-5a7142984e70","address":"+44 1514 960453","verified":{"at":1640975500000000,"by":"code"}}],
        "profile":{"claims":{"name":"Ada"},"public_data":{},"private_data":{"n":[1,2]}},
        "credentials":{"has_password":true,"password_updated_at":1640975400000000},
        "sign_ins":{"failure_count":5,"last_success_ip":"1.1.1.1"}}"#,
    )
}

fn all(limit: usize) -> ListQuery {
    ListQuery { order: ListOrder::Created, after: None, limit, prefix: None }
}

#[tokio::test]
async fn an_import_keeps_ids_times_and_statuses() {
    let host = Host::new();
    let admin = host.identity.admin("import");
    assert_eq!(admin.import(vec![ada()]).await.unwrap(), [Imported::New]);
    let user = admin.get(&UserId::parse("UOtBaOybB6dTpIJNrnkRw").unwrap()).await.unwrap();
    assert_eq!(user.created_at().as_secs(), 1_640_975_400);
    assert_eq!(user.updated_at().as_secs(), 1_640_975_400);
    assert!(user.is_disabled());
    let email = user.primary_email().unwrap();
    assert_eq!(email.id.to_string(), "6cec8047-6149-4d9b-8d99-91c83c22a9dc");
    assert_eq!((email.address.as_str(), email.address.typed()), ("Ada@example.com", "Ada@Example.com"));
    assert_eq!(email.verified().unwrap().by, Method::Import);
    assert_eq!(user.phones().entries()[0].verified().unwrap().at.as_secs(), 1_640_975_500);
    assert!(user.primary_phone().is_none(), "a lone verified number need not be primary");
    assert_eq!(host.identity.resolve("ada").await.unwrap().as_ref(), Some(user.id()));
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 0, "nobody is told");
}

#[tokio::test]
async fn an_import_is_safe_to_repeat_and_an_erased_user_stays_erased() {
    let host = Host::new();
    let admin = host.identity.admin("import");
    admin.import(vec![ada()]).await.unwrap();
    let id = ada().id;
    let before = admin.get(&id).await.unwrap();
    assert_eq!(admin.import(vec![ada()]).await.unwrap(), [Imported::AlreadyThere]);
    assert_eq!(admin.get(&id).await.unwrap(), before);
    admin.erase(&id).await.unwrap();
    assert_eq!(admin.import(vec![ada()]).await.unwrap(), [Imported::Erased]);
}

#[tokio::test]
async fn each_of_a_batch_stands_for_itself_and_answers_stand_in_order() {
    let host = Host::new();
    host.user_with(&["taken@example.com"]).await;
    let admin = host.identity.admin("import");
    let user = |id: usize, emails: &str| {
        record(&format!(r#"{{"id":"u{id}","created_at":1,"updated_at":2,"emails":[{emails}]}}"#))
    };
    let mut batch: Vec<UserRecord> =
        (0..300).map(|id| user(id, &format!(r#"{{"address":"u{id}@example.com","verified":{{}}}}"#))).collect();
    batch[7] = user(7, r#"{"address":"taken@example.com","verified":{}}"#);
    batch[70] = user(70, r#"{"address":"not an address"}"#);
    batch[170] = user(170, r#"{"address":"a@example.com","primary":true}"#);
    let answers = admin.import(batch).await.unwrap();
    assert_eq!(answers.len(), 300);
    for (index, answer) in answers.iter().enumerate() {
        match index {
            7 => assert_eq!(*answer, Imported::Refused(Refusal::Taken(ClaimKind::Email))),
            70 | 170 => assert!(matches!(answer, Imported::Refused(Refusal::Import(_))), "{answer:?}"),
            _ => assert_eq!(*answer, Imported::New, "{index}"),
        }
    }
    assert_eq!(admin.list(&all(1_000)).await.unwrap().users.len(), 298);
}

#[tokio::test]
async fn what_is_exported_can_be_imported_elsewhere_and_is_the_same() {
    let host = Host::new();
    let admin = host.identity.admin("export");
    admin.import(vec![ada()]).await.unwrap();
    for number in 0..25 {
        host.clock.forward(secs(1));
        host.user_with(&[&format!("u{number}@example.com")]).await;
    }
    let mut records = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = admin.export(after, 10).await.unwrap();
        records.extend(page.records);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(records.len(), 26);
    // Through JSON, as between two machines.
    let lines: Vec<String> = records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    let read: Vec<UserRecord> = lines.iter().map(|line| record(line)).collect();
    let other = Host::new();
    other.clock.forward(secs(100));
    let answers = other.identity.admin("import").import(read.clone()).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Imported::New));
    let again = other.identity.admin("export").export(None, 100).await.unwrap().records;
    assert_eq!(again, read);
}

#[tokio::test]
async fn a_search_finds_the_beginning_of_an_address() {
    let host = Host::new();
    let ada = host.user_with(&["ada@example.com"]).await;
    host.user_with(&["grace@example.com"]).await;
    let admin = host.identity.admin("staff");
    admin.set_username(&ada, &Username::parse("countess").unwrap(), None).await.unwrap();
    for (kind, text, hits) in [
        (ClaimKind::Email, "ad", 1),
        (ClaimKind::Email, "", 2),
        (ClaimKind::Email, "%", 0),
        (ClaimKind::Username, "count", 1),
        (ClaimKind::Phone, "+44", 0),
    ] {
        let query = ListQuery { prefix: Some(Prefix { kind, text: text.to_owned() }), ..all(10) };
        assert_eq!(admin.list(&query).await.unwrap().users.len(), hits, "{text}");
    }
}
