//! Every endpoint, its status and what it does.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kit::{Server, seed};
use crate::pages::current_record;

fn path(user: &Value) -> String {
    format!("/api/users/{}", user["user_id"].as_str().unwrap())
}

fn id(entry: &Value) -> String {
    entry["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_is_created_with_everything_and_deleted() {
    let server = Server::start();
    let body = json!({
        "username": "ada", "email": "Ada@Example.COM", "email_verified": true, "phone_number": "+44 1514 960453",
        "phone_number_verified": false, "name": "Ada Lovelace", "given_name": "Ada", "middle_name": "King",
        "family_name": "Lovelace", "nickname": "A", "picture": "https://example.com/a.png",
        "skip_identifier_restriction_checks": false, "skip_conformance_checks": false,
    });
    let user = server.user(body).await;
    assert_eq!(user["username"]["username"], "ada");
    assert_eq!(user["emails"][0]["email"], "Ada@example.com");
    assert_eq!((&user["emails"][0]["verified"], &user["emails"][0]["primary"]), (&json!(true), &json!(false)));
    assert_eq!(user["phone_numbers"][0]["phone"], "+441514960453");
    assert_eq!(user["phone_numbers"][0]["verified"], false);
    assert_eq!(user["phone_numbers"][0]["verification_source"], Value::Null);
    assert_eq!(user["claims"]["middle_name"], "King");
    let path = path(&user);
    assert_eq!(server.get(&path).await.of(200), user);
    let deleted = server.call("DELETE", &path, None).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    server.get(&path).await.problem(404);
    server.call("DELETE", &path, None).await.problem(404);
}

#[tokio::test]
async fn everything_optional_may_be_left_out() {
    let server = Server::start();
    server.post("/api/users", None).await.of(201);
    server.user(json!({"email": null, "username": null})).await;
}

#[tokio::test]
async fn a_user_is_disabled_enabled_and_unblocked() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    seed(folder.path(), current_record()).await;
    let server = Server::on(folder, &[]);
    let path = "/api/users/UOtBaOybB6dTpIJNrnkRw";
    assert_eq!(server.post(&format!("{path}/enable"), None).await.of(200)["disabled"], false);
    for body in [None, Some(json!({})), Some(json!({"revoke_sessions": true}))] {
        assert_eq!(server.post(&format!("{path}/disable"), body).await.of(200)["disabled"], true);
    }
    let unblocked = server.post(&format!("{path}/unblock"), None).await.of(200);
    assert_eq!((&unblocked["block_until"], &unblocked["failure_count"]), (&Value::Null, &json!(0)));
    assert_eq!(unblocked["sign_in_attempts_count"], 20, "what was counted otherwise stays");
}

#[tokio::test]
async fn a_username_is_set_changed_and_removed() {
    let server = Server::start();
    let path = path(&server.user(json!({})).await);
    let first = server.call("PUT", &format!("{path}/username"), json!({"username": "ada"})).await.of(200);
    let second = server.call("PUT", &format!("{path}/username"), json!({"username": "countess"})).await.of(200);
    assert_eq!(second["username"]["username"], "countess");
    assert_eq!(first["username"]["id"], second["username"]["id"], "it is the user's one username that changes");
    let other = self::path(&server.user(json!({"username": "babbage"})).await);
    let taken = server.call("PUT", &format!("{other}/username"), json!({"username": "COUNTESS"})).await;
    assert_eq!(taken.code(), "DuplicateUserName");
    assert_eq!(server.call("DELETE", &format!("{path}/username"), None).await.of(200)["username"], Value::Null);
    server.call("DELETE", &format!("{path}/username"), None).await.problem(404);
    server.call("PUT", &format!("{other}/username"), json!({"username": "countess"})).await.of(200);
}

#[tokio::test]
async fn addresses_are_added_verified_made_primary_unverified_and_removed() {
    let server = Server::start();
    let path = path(&server.user(json!({})).await);
    for (list, body_key, first, second) in [
        ("emails", "email", "a@example.com", "b@example.com"),
        ("phones", "phone_number", "+441514960453", "+919988776655"),
    ] {
        let key = if list == "phones" { "phone_numbers" } else { "emails" };
        let one = server.post(&format!("{path}/{list}"), json!({body_key: first})).await.of(200)[key][0].clone();
        assert_eq!((&one["verified"], &one["primary"]), (&json!(false), &json!(false)));
        let one = format!("{path}/{list}/{}", id(&one));
        assert_eq!(server.post(&format!("{one}/primary"), None).await.code(), "IdentifierNotVerified");
        for _ in 0..2 {
            let verified = server.post(&format!("{one}/verify"), None).await.of(200);
            assert_eq!((&verified[key][0]["verified"], &verified[key][0]["primary"]), (&json!(true), &json!(false)));
        }
        for _ in 0..2 {
            assert_eq!(server.post(&format!("{one}/primary"), None).await.of(200)[key][0]["primary"], true);
        }
        let body = json!({body_key: second, "is_verified": true, "skip_restriction_checks": true});
        let two = server.post(&format!("{path}/{list}"), body).await.of(200)[key][1].clone();
        assert_eq!((&two["verified"], &two["primary"]), (&json!(true), &json!(false)));
        let two = format!("{path}/{list}/{}", id(&two));
        let moved = server.post(&format!("{two}/primary"), None).await.of(200);
        assert_eq!((&moved[key][0]["primary"], &moved[key][1]["primary"]), (&json!(false), &json!(true)));
        for _ in 0..2 {
            let lost = server.post(&format!("{two}/unverify"), None).await.of(200);
            assert_eq!((&lost[key][1]["verified"], &lost[key][1]["primary"]), (&json!(false), &json!(false)));
            assert_eq!(lost[key][0]["primary"], true, "the one that has been verified the longest follows");
        }
        let left = server.call("DELETE", &two, None).await.of(200);
        assert_eq!(left[key].as_array().unwrap().len(), 1);
        server.call("DELETE", &two, None).await.problem(404);
        let none = server.call("DELETE", &one, None).await.of(200);
        assert_eq!(none[key], json!([]), "the last one may go, by an administrator");
    }
}

#[tokio::test]
async fn a_passkey_and_an_external_provider_go() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    seed(folder.path(), current_record()).await;
    let server = Server::on(folder, &[]);
    let path = "/api/users/UOtBaOybB6dTpIJNrnkRw";
    let passkey = format!("{path}/passkeys/sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAgCYxouA");
    assert_eq!(server.call("DELETE", &passkey, None).await.status, 204);
    assert_eq!(server.get(path).await.of(200)["passkeys"], json!([]));
    server.call("DELETE", &passkey, None).await.problem(404);
    let google = json!({"authenticator": "google", "provider_user_id": "79a500f9-aba6-4f03-baec-c18f4b7136ad"});
    let disconnect = format!("{path}/external_authenticator/disconnect");
    assert_eq!(server.post(&disconnect, google.clone()).await.of(200)["external_providers"], json!([]));
    server.post(&disconnect, google).await.problem(404);
    let unknown = json!({"authenticator": "myspace", "provider_user_id": "1"});
    assert_eq!(server.post(&disconnect, unknown).await.field(), "authenticator");
}

#[tokio::test]
async fn claims_and_data_change_member_by_member() {
    let server = Server::start();
    let path = path(&server.user(json!({"name": "Ada", "nickname": "A"})).await);
    let claims = json!({"nickname": null, "website": "https://example.com", "address": {"locality": "London"}});
    let claims = server.call("PATCH", &format!("{path}/claims"), claims).await.of(200)["claims"].clone();
    let expected = json!({"name": "Ada", "website": "https://example.com", "address": {"locality": "London"}});
    assert_eq!(claims, expected);
    for key in ["private_data", "public_data"] {
        let data = format!("{path}/{key}");
        assert_eq!(server.get(&data).await.of(200), json!({key: {}}));
        let first = json!({key: {"plan": {"name": "free", "seats": 1}, "note": "x"}});
        assert_eq!(server.call("PATCH", &data, first.clone()).await.of(200), first);
        let second = json!({key: {"plan": {"name": "paid"}, "note": null}});
        let expected = json!({key: {"plan": {"name": "paid"}}});
        assert_eq!(server.call("PATCH", &data, second).await.of(200), expected, "a member is replaced as a whole");
        assert_eq!(server.get(&data).await.of(200), expected);
        assert_eq!(server.get(&path).await.of(200)[key], expected[key]);
    }
}

#[tokio::test]
async fn restrictions_keep_out_unless_they_are_skipped() {
    let server = Server::with(&[("IDENTITY_BLOCK", "blocked.example,+4420,FR")]);
    let path = path(&server.user(json!({})).await);
    for (list, body) in [
        ("emails", json!({"email": "a@mail.blocked.example"})),
        ("phones", json!({"phone_number": "+442079460123"})),
        ("phones", json!({"phone_number": "+33612345678"})),
    ] {
        assert_eq!(server.post(&format!("{path}/{list}"), body.clone()).await.code(), "RestrictedIdentifier");
        let mut skipped = body;
        skipped["skip_restriction_checks"] = true.into();
        server.post(&format!("{path}/{list}"), skipped).await.of(200);
    }
    let body = json!({"email": "b@blocked.example"});
    assert_eq!(server.post("/api/users", body).await.code(), "RestrictedIdentifier");
    server.user(json!({"email": "b@blocked.example", "skip_identifier_restriction_checks": true})).await;
}

#[tokio::test]
async fn events_keep_the_name_of_the_key() {
    use identity::{CodeKeys, Identity, UserId};
    let server = Server::start();
    let user = server.user(json!({})).await;
    let store = identity_sqlite::SqliteStore::open(server.database()).await.unwrap();
    let identity = Identity::new(store, crate::kit::Nowhere, CodeKeys::parse(crate::kit::KEY).unwrap());
    let user = UserId::parse(user["user_id"].as_str().unwrap()).unwrap();
    let history = identity.admin("test").history(&user, 0, 10).await.unwrap();
    assert!(format!("{:?}", history[0].event.actor).contains("ops"), "{:?}", history[0]);
}
