//! Every field of the reference pages on which this library is based can be stored.

use std::sync::Arc;

use identity_core::record::{IdentifierRecord, UsernameRecord, VerifiedRecord};
use identity_core::{
    Connection, Credentials, ExternalIdentity, JsonObject, Method, Passkey, Profile, SignInUse, SignIns, Timestamp,
    User, UserId, UserRecord, Username,
};
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::records::{identifier, import, map, object};

const AT: i64 = 1_640_975_400;

/// The user of the pages, as the library holds it.
fn of_the_pages() -> UserRecord {
    let at = Timestamp::from_secs(AT);
    let used = |authenticators: &[&str]| {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Some(Arc::new(SignInUse { authenticators: own(authenticators), idps: own(&["monocloud", "google"]) }))
    };
    let known = |id: Uuid, address: &str, authenticators: &[&str]| IdentifierRecord {
        id: Some(id.into()),
        verified: Some(VerifiedRecord { at: Some(at), by: Some(Method::Code), source: Some("monocloud".into()) }),
        source: Some("monocloud".into()),
        sign_in: used(authenticators),
        ..identifier(address)
    };
    UserRecord {
        id: UserId::parse("UOtBaOybB6dTpIJNrnkRw").unwrap(),
        created_at: at,
        updated_at: at,
        disabled: true,
        username: Some(UsernameRecord {
            id: Some(uuid!("9082b772-dbf6-4610-a71e-05fb93c0ab73").into()),
            username: Username::parse("username").unwrap(),
            source: Some("monocloud".into()),
            added_at: None,
            sign_in: used(&["password"]),
        }),
        emails: vec![known(uuid!("6cec8047-6149-4d9b-8d99-91c83c22a9dc"), "user@example.com", &["password", "email"])],
        phones: vec![known(uuid!("ab66b6a2-df6b-4f9d-9eb2-5a7142984e70"), "+441514960453", &["password", "phone"])],
        profile: Profile {
            claims: object(json!({"name": "John Doe", "given_name": "John", "family_name": "Doe"})),
            public_data: object(json!({
                "color_preference": {"dashboard": "monochrome"}, "send_emails": true, "days_to_retain": 1
            })),
            private_data: object(json!({
                "transaction_ids": ["5GRZ4X7XUItpRGOwkHhONqTtG", "9Fw7Jx9Zja5lWlmRkYJf1WMV9"],
                "subscription_plan": "premium", "last_renewed": 1_672_511_400
            })),
        },
        credentials: Arc::new(Credentials {
            has_password: true,
            password_updated_at: Some(at),
            force_password_reset: false,
            passkeys: vec![Passkey {
                name: Some("IPhone 15 Pro Max".into()),
                passkey_id: "sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAgCYxouA".into(),
                public_key: "MIICYzCCAcyg".into(),
                aa_guid: "204a871f-f7c4-465c-a81f-83d7ad4d04ee".into(),
                backup_state: true,
                backup_eligibility: true,
                user_present: true,
                user_verified: true,
                user_agent: "Mozilla/5.0".into(),
            }],
            providers: vec![ExternalIdentity {
                authenticator: "google".into(),
                provider_user_id: "79a500f9-aba6-4f03-baec-c18f4b7136ad".into(),
                claims: JsonObject::new(map(json!({
                    "email": "user@example.com", "email_verified": "true", "name": "John Doe"
                })))
                .unwrap(),
            }],
            connections: vec![Connection { idp: "monocloud".into(), connection_id: "UOtBaOybB6dTpIJNrnkRw".into() }],
        }),
        sign_ins: Arc::new(SignIns {
            failure_count: 5,
            attempts_count: 20,
            success_count: 7,
            block_until: Some(at),
            last_attempt: Some(at),
            last_attempt_ip: Some("1.1.1.1".into()),
            last_success: Some(at),
            last_success_ip: Some("1.1.1.1".into()),
            last_activity: Some(at),
            last_known_city: Some("New York".into()),
            last_known_country: Some("United States".into()),
            last_known_region: Some("US".into()),
        }),
    }
}

/// A user in the form of the reference pages, as a host would answer.
fn page(user: &User) -> Value {
    let secs = |at: Option<Timestamp>| at.map(Timestamp::as_secs);
    let address = |name: &str, entry: &identity_core::Identifier| {
        let used = entry.sign_in.clone().unwrap_or_default();
        let primary = user.book(entry.address.channel()).is_primary(entry.id);
        json!({
            name: entry.address.as_str(), "id": entry.id, "verified": entry.is_verified(), "primary": primary,
            "source": entry.source, "verification_source": entry.verified().and_then(|word| word.source.clone()),
            "authenticators": used.authenticators, "idps": used.idps,
        })
    };
    let (credentials, sign_ins, profile) = (user.credentials(), user.sign_ins(), user.profile());
    let name = user.username().unwrap();
    let used = name.sign_in.clone().unwrap_or_default();
    json!({
        "user_id": user.id(), "creation_time": user.created_at().as_secs(), "last_updated": user.updated_at().as_secs(),
        "disabled": user.is_disabled(),
        "username": {
            "id": name.id, "username": name.username.as_str(), "source": name.source,
            "authenticators": used.authenticators, "idps": used.idps,
        },
        "emails": user.emails().entries().iter().map(|entry| address("email", entry)).collect::<Vec<_>>(),
        "phone_numbers": user.phones().entries().iter().map(|entry| address("phone", entry)).collect::<Vec<_>>(),
        "claims": profile.claims, "public_data": profile.public_data, "private_data": profile.private_data,
        "has_password": credentials.has_password, "password_updated_at": secs(credentials.password_updated_at),
        "force_password_reset": credentials.force_password_reset, "passkeys": credentials.passkeys,
        "idps": credentials.providers, "external_providers": credentials.providers,
        "connections": credentials.connections,
        "failure_count": sign_ins.failure_count, "sign_in_attempts_count": sign_ins.attempts_count,
        "sign_in_success_count": sign_ins.success_count, "block_until": secs(sign_ins.block_until),
        "last_sign_in_attempt": secs(sign_ins.last_attempt), "last_sign_in_attempt_ip": sign_ins.last_attempt_ip,
        "last_sign_in_success": secs(sign_ins.last_success), "last_sign_in_success_ip": sign_ins.last_success_ip,
        "last_activity": secs(sign_ins.last_activity), "last_known_city": sign_ins.last_known_city,
        "last_known_country": sign_ins.last_known_country, "last_known_region": sign_ins.last_known_region,
    })
}

#[test]
fn every_field_of_the_reference_pages_can_be_stored() {
    let user = import(&of_the_pages()).unwrap();
    let google = json!([{
        "provider_user_id": "79a500f9-aba6-4f03-baec-c18f4b7136ad", "authenticator": "google",
        "claims": {"email": "user@example.com", "email_verified": "true", "name": "John Doe"},
    }]);
    let known = |name: &str, address: &str, id: &str, second: &str| {
        json!([{
            "id": id, name: address, "verified": true, "primary": false, "source": "monocloud",
            "verification_source": "monocloud", "authenticators": ["password", second], "idps": ["monocloud", "google"],
        }])
    };
    let expected = json!({
        "creation_time": AT, "last_updated": AT, "password_updated_at": AT, "last_activity": AT, "block_until": AT,
        "last_sign_in_attempt": AT, "last_sign_in_success": AT, "user_id": "UOtBaOybB6dTpIJNrnkRw", "disabled": true,
        "passkeys": [{
            "public_key": "MIICYzCCAcyg", "backup_state": true, "user_present": true, "backup_eligibility": true,
            "aa_guid": "204a871f-f7c4-465c-a81f-83d7ad4d04ee", "name": "IPhone 15 Pro Max", "user_verified": true,
            "passkey_id": "sM5X24vn_R3YqFvk8o5Hf7l3E1fMeyKnssiAgCYxouA", "user_agent": "Mozilla/5.0",
        }],
        "private_data": {
            "transaction_ids": ["5GRZ4X7XUItpRGOwkHhONqTtG", "9Fw7Jx9Zja5lWlmRkYJf1WMV9"],
            "subscription_plan": "premium", "last_renewed": 1_672_511_400,
        },
        "idps": google, "external_providers": google,
        "emails": known("email", "user@example.com", "6cec8047-6149-4d9b-8d99-91c83c22a9dc", "email"),
        "phone_numbers": known("phone", "+441514960453", "ab66b6a2-df6b-4f9d-9eb2-5a7142984e70", "phone"),
        "claims": {"name": "John Doe", "given_name": "John", "family_name": "Doe"},
        "public_data": {"color_preference": {"dashboard": "monochrome"}, "send_emails": true, "days_to_retain": 1},
        "username": {
            "authenticators": ["password"], "id": "9082b772-dbf6-4610-a71e-05fb93c0ab73",
            "idps": ["monocloud", "google"], "username": "username", "source": "monocloud",
        },
        "has_password": true, "force_password_reset": false,
        "connections": [{"idp": "monocloud", "connection_id": "UOtBaOybB6dTpIJNrnkRw"}],
        "failure_count": 5, "sign_in_attempts_count": 20, "sign_in_success_count": 7,
        "last_sign_in_attempt_ip": "1.1.1.1", "last_sign_in_success_ip": "1.1.1.1",
        "last_known_city": "New York", "last_known_country": "United States", "last_known_region": "US",
    });
    assert_eq!(page(&user), expected);
}

#[test]
fn the_user_of_the_reference_pages_survives_export_and_import() {
    let user = import(&of_the_pages()).unwrap();
    let text = serde_json::to_string(&UserRecord::from(&user)).unwrap();
    assert_eq!(import(&serde_json::from_str(&text).unwrap()).unwrap(), user);
}
