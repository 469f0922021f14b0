use identity::Timestamp;
use postgres_testbed::Cluster;
use serde_json::{Value, json};

use crate::kit::{Place, addresses, claims, name, user};

/// An entry of `email_addresses` or `phone_numbers`, with every member that the reference of the Backend API shows.
fn entry(id: &str, kind: &str, address: &str, status: Option<&str>) -> Value {
    let verification =
        status.map(|status| json!({"status": status, "strategy": "email_code", "attempts": 1, "expire_at": null}));
    json!({
        "id": id, "object": kind, kind: address, "reserved": false, "verification": verification, "linked_to": [],
        "created_at": 1_640_975_400_123_i64, "updated_at": 1_640_975_400_123_i64,
    })
}

fn person(id: Value, changed: Value) -> Value {
    let mut person = json!({
        "id": id, "object": "user", "username": null, "first_name": null, "last_name": null, "has_image": false,
        "image_url": "https://img.example.com/1", "primary_email_address_id": null, "primary_phone_number_id": null,
        "primary_web3_wallet_id": null, "password_enabled": true, "two_factor_enabled": false, "totp_enabled": false,
        "email_addresses": [], "phone_numbers": [], "web3_wallets": [], "external_accounts": [], "public_metadata": {},
        "private_metadata": null, "unsafe_metadata": {}, "external_id": null, "last_sign_in_at": null, "banned": false,
        "locked": false, "created_at": 1_640_975_400_000_i64, "updated_at": 1_640_975_500_000_i64,
    });
    person.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    person
}

#[tokio::test]
async fn users_of_clerk_arrive_as_its_reference_says() {
    let mail = |id, address, status| entry(id, "email_address", address, status);
    let line = |id, address, status| entry(id, "phone_number", address, status);
    let first = json!([
        person(
            json!("user_ada"),
            json!({
                "username": "ada", "first_name": "Ada", "last_name": "Lovelace",
                "primary_email_address_id": "idn_2", "primary_phone_number_id": "idn_3",
                "email_addresses": [
                    mail("idn_1", "Ada@Example.com", Some("verified")),
                    mail("idn_2", "ada@work.example", Some("verified")),
                    mail("idn_4", "ada@third.example", Some("expired")),
                ],
                "phone_numbers": [line("idn_3", "+447400123456", Some("verified"))],
                "public_metadata": {"plan": "gold"}, "private_metadata": {"customer": 7},
            })
        ),
        person(
            json!("user_ben"),
            json!({
                "primary_email_address_id": "idn_5", "email_addresses": [mail("idn_5", "ben@example.com", None)], "banned": true,
            })
        ),
        person(json!(null), json!({})),
    ]);
    let second = json!([
        person(json!("user_twin"), json!({"email_addresses": [mail("idn_6", "ADA@example.com", Some("verified"))]})),
        person(json!("user_invalid"), json!({"email_addresses": [mail("idn_7", "ada@", Some("verified"))]})),
        person(json!("user_national"), json!({"phone_numbers": [line("idn_8", "07400 123457", Some("verified"))]})),
        person(json!("user_timeless"), json!({"created_at": null})),
        person(json!("user_reverse"), json!({"updated_at": 0})),
    ]);
    let place = Place::new();
    // Two pages, one after the other.
    std::fs::write(place.source(), format!("{first}\n{second}")).unwrap();
    let left = [
        ("user_twin", "this e-mail address belongs to another user"),
        ("user_invalid", "emails[0]: "),
        ("user_national", "phones[0]: "),
        ("user_timeless", "invalid type: null"),
        ("user_reverse", "updated_at is before created_at"),
        ("a user without an id", "invalid type: null"),
    ];
    let users = place.import("clerk", 2, &left.map(|(row, reason)| (row.to_owned(), reason))).await;
    let ada = user(&users, "user_ada");
    assert_eq!(
        addresses(ada),
        json!([
            ["Ada@Example.com", true, false],
            ["ada@work.example", true, true],
            ["ada@third.example", false, false],
            ["+447400123456", true, true]
        ])
    );
    assert_eq!(name(ada), Some("ada"));
    assert_eq!(
        (ada.created_at(), ada.updated_at()),
        (Timestamp::from_secs(1_640_975_400), Timestamp::from_secs(1_640_975_500))
    );
    assert!(ada.identifiers().all(|entry| entry.added_at.as_micros() == 1_640_975_400_123_000));
    assert_eq!(claims(ada)["family_name"], "Lovelace");
    assert_eq!(ada.profile().public_data.as_map()["plan"], "gold");
    assert_eq!(ada.profile().private_data.as_map()["customer"], 7);
    let ben = user(&users, "user_ben");
    assert_eq!((addresses(ben), ben.is_disabled()), (json!([["ben@example.com", false, false]]), true));
}

#[tokio::test]
async fn a_file_that_ends_within_a_user_is_an_error() {
    let place = Place::new();
    std::fs::write(place.source(), r#"[{"id": "user_ada""#).unwrap();
    let (status, said) = place.run("clerk", place.target());
    assert_eq!(status, Some(2));
    assert!(said.contains("EOF while parsing"), "{said}");
}

#[tokio::test]
async fn the_target_may_be_postgresql() {
    let place = Place::new();
    std::fs::write(place.source(), person(json!("user_ada"), json!({})).to_string()).unwrap();
    let database = Cluster::shared().database();
    for said in ["imported 1, there already 0, not imported 0\n", "imported 0, there already 1, not imported 0\n"] {
        assert_eq!(place.run("clerk", database.url()), (Some(0), said.to_owned()));
    }
    assert_eq!(database.sql("select id from identity_users"), "user_ada");
}
