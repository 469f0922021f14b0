//! The four pages that decide: a user equal to the page's sample, the page's call, the page's answer key for key.

use std::sync::Arc;

use identity::import::UserRecord;
use monocloud_api::wire::CurrentUser;
use serde_json::{Value, json};

use crate::kit::{Server, seed};

const USER: &str = "/api/users/UOtBaOybB6dTpIJNrnkRw";
const PHONE: &str = "ab66b6a2-df6b-4f9d-9eb2-5a7142984e70";
const EMAIL: &str = "6cec8047-6149-4d9b-8d99-91c83c22a9dc";

pub(crate) fn current() -> Value {
    serde_json::from_str(include_str!("pages/current.json")).unwrap()
}

pub(crate) fn legacy() -> Value {
    serde_json::from_str(include_str!("pages/legacy.json")).unwrap()
}

/// The page's user as a line of an import has it.
pub(crate) fn current_record() -> UserRecord {
    let user: CurrentUser = serde_json::from_value(current()).unwrap();
    user.try_into().unwrap()
}

/// The same with how sign-in uses each identifier, which the legacy pages show.
pub(crate) fn legacy_record() -> UserRecord {
    let page = legacy();
    let mut record = current_record();
    let objects = [&page["emails"], &page["phone_numbers"]].into_iter().flat_map(|list| list.as_array().unwrap());
    let used = objects.chain([&page["username"]]).map(|object| {
        let used = json!({"authenticators": object["authenticators"], "idps": object["idps"]});
        (object["id"].as_str().unwrap().to_owned(), used)
    });
    record.extension = Arc::new(record.extension.patched(&used.collect()).unwrap());
    record
}

async fn server(wire: &str, record: UserRecord) -> Server {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    seed(folder.path(), record).await;
    Server::on(folder, &[("IDENTITY_WIRE", wire)])
}

/// What was changed just now is not the page's time.
fn with_time_of(mut page: Value, answer: &Value) -> Value {
    assert!(answer["last_updated"].as_i64() > page["last_updated"].as_i64());
    page["last_updated"] = answer["last_updated"].clone();
    page
}

#[tokio::test]
async fn page_000_mark_phone_as_verified() {
    let server = server("legacy", legacy_record()).await;
    let answer = server.post(&format!("{USER}/phones/{PHONE}/verify"), None).await.of(200);
    assert_eq!(answer, legacy(), "it is verified already, so that nothing changes");
}

#[tokio::test]
async fn page_000_of_a_phone_that_is_not_verified_yet() {
    let mut record = legacy_record();
    record.phones[0].verified = None;
    let server = server("legacy", record).await;
    let answer = server.post(&format!("{USER}/phones/{PHONE}/verify"), None).await.of(200);
    assert_eq!(answer, with_time_of(legacy(), &answer));
}

#[tokio::test]
async fn page_001_mark_email_as_verified() {
    let server = server("legacy", legacy_record()).await;
    let answer = server.post(&format!("{USER}/emails/{EMAIL}/verify"), None).await.of(200);
    assert_eq!(answer, legacy(), "it is verified already, so that nothing changes");
}

#[tokio::test]
async fn page_001_of_an_email_that_is_not_verified_yet() {
    let mut record = legacy_record();
    record.emails[0].verified = None;
    let server = server("legacy", record).await;
    let answer = server.post(&format!("{USER}/emails/{EMAIL}/verify"), None).await.of(200);
    assert_eq!(answer, with_time_of(legacy(), &answer));
}

#[tokio::test]
async fn page_002_add_a_phone_number() {
    let server = server("current", current_record()).await;
    assert_eq!(server.get(USER).await.of(200), current());
    let body = json!({"skip_restriction_checks": false, "phone_number": "+919988776655", "is_verified": true});
    let mut answer = server.post(&format!("{USER}/phones"), body).await.of(200);
    let mut added = answer["phone_numbers"].as_array_mut().unwrap().remove(1);
    assert!(uuid::Uuid::parse_str(added["id"].take().as_str().unwrap()).is_ok());
    let expected = json!({
        "id": null, "phone": "+919988776655", "primary": false, "verified": true,
        "source": "monocloud", "verification_source": "monocloud",
    });
    assert_eq!(added, expected);
    assert_eq!(answer, with_time_of(current(), &answer));
    assert_eq!(answer.as_object().unwrap().len(), 28);
}

#[tokio::test]
async fn page_003_set_phone_as_primary() {
    let server = server("legacy", legacy_record()).await;
    let mut answer = server.post(&format!("{USER}/phones/{PHONE}/primary"), None).await.of(200);
    // The page's sample does not show what its call does.
    assert_eq!(answer["phone_numbers"][0]["primary"].take(), true);
    answer["phone_numbers"][0]["primary"] = false.into();
    assert_eq!(answer, with_time_of(legacy(), &answer));
    assert_eq!(answer.as_object().unwrap().len(), 14);
}

#[tokio::test]
async fn a_user_of_whom_nothing_is_known_has_every_key_too() {
    for (wire, page) in [("current", current()), ("legacy", legacy())] {
        let server = Server::with(&[("IDENTITY_WIRE", wire)]);
        let user = server.user(json!({})).await;
        let keys = |user: &Value| user.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&user), keys(&page), "{wire}");
    }
}

#[tokio::test]
async fn a_list_has_no_data_and_no_claims_of_providers() {
    for (wire, record, mut page, providers) in
        [("current", current_record(), current(), "external_providers"), ("legacy", legacy_record(), legacy(), "idps")]
    {
        let server = server(wire, record).await;
        let object = page.as_object_mut().unwrap();
        object.remove("public_data");
        object.remove("private_data");
        page[providers][0].as_object_mut().unwrap().remove("claims");
        assert_eq!(server.get("/api/users").await.of(200), json!([page]));
    }
}
