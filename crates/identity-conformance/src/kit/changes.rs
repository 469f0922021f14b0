use std::sync::Arc;

use identity_core::address::Label;
use identity_core::{
    Address, Change, Channel, ContestId, ContestOutcome, Email, JsonObject, Method, Phone, Reported,
    UndeliverableReason, UserKey, UserRecord, Username, Verified,
};
use serde_json::json;

use super::{Person, at, challenge, id, verified};

/// One change of every kind except [`Change::Erased`].
#[must_use]
pub fn every_change(key: &UserKey) -> Vec<Change> {
    let [mail, phone] = [
        Address::from(Email::parse("Ada@EXAMPLE.com").expect("a valid identifier")),
        Phone::parse("+44 1514 960453").expect("a valid identifier").into(),
    ];
    let person = Person::default().email(1, "ada@example.com", verified()).username(2, "Countess");
    let record = Box::new(UserRecord::from(&*person.clone().with_id(&key.user).user()));
    let added = |address: Address, source: Option<&str>, unrestricted, replaces| Change::Added {
        id: id(1),
        address,
        source: source.map(Into::into),
        unrestricted,
        replaces,
    };
    // Data of the host may look like the fields of an event.
    let mimic = json!({ "type": "added", "channel": "email", "id": id(7) });
    let members = [("a", json!("\u{1f600}\",\"id\":\"")), ("id", json!(id(8))), ("type", json!("added")), ("z", mimic)];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    let gone =
        Arc::new(JsonObject::new([("z".to_owned(), json!(null))].into_iter().collect()).expect("a small object"));
    let object = Arc::new(JsonObject::new(members.into_iter().collect()).expect("a small object"));
    vec![
        Change::Imported { record, canonical: Vec::new() },
        Change::Created { user: key.user.clone() },
        Change::UsernameSet {
            id: id(2),
            username: Username::parse("Countess").expect("a valid identifier"),
            source: Some("import".into()),
        },
        Change::UsernameRemoved { id: id(2) },
        added(mail, Some("sign-up"), true, Some(id(9))),
        added(phone.clone(), None, false, None),
        Change::VerificationStarted { id: id(1), challenge: challenge() },
        Change::CodeResent { id: id(1) },
        Change::CodeIssued { id: id(1), challenge: challenge() },
        Change::AnswerRejected { id: id(1) },
        Change::Verified { id: id(1), verified: Verified { at: at(3), by: Method::Link, source: Some("x".into()) } },
        Change::Unverified { id: id(1) },
        Change::PrimaryChanged { channel: Channel::Email, id: Some(id(1)) },
        Change::PrimaryChanged { channel: Channel::Phone, id: None },
        Change::Removed { id: id(1) },
        Change::Replaced { id: id(1), by: id(2) },
        Change::ChangeScheduled { id: id(1), by: Some(id(2)), due: at(9) },
        Change::ChangeScheduled { id: id(1), by: None, due: at(9) },
        Change::ChangeStopped { id: id(1) },
        Change::AttemptsCleared { id: id(1) },
        Change::Disavowed { number: 7, id: id(1) },
        Change::ContestOpened {
            id: id(1),
            contest: ContestId::from_uuid(id(5).as_uuid()),
            with: key.user.clone(),
            evidence: Some(Verified { at: at(3), by: Method::Code, source: None }),
            until: Some(at(9)),
        },
        Change::ContestEnded {
            id: id(1),
            contest: ContestId::from_uuid(id(5).as_uuid()),
            outcome: ContestOutcome::Kept,
        },
        Change::ClaimsUpdated,
        Change::DeliveryFailed { id: id(1), sent_at: Some(at(3)), why: Some(UndeliverableReason::Bounced) },
        Change::DeliveryFailed { id: id(1), sent_at: None, why: None },
        Change::DeliveryRestored { id: id(1) },
        Change::Labelled { id: id(1), label: Some(Label::parse("\u{5bb6} \"home\"").expect("a label")) },
        Change::Labelled { id: id(1), label: None },
        Change::ExtensionReported(Reported { members: Arc::clone(&object) }),
        Change::ProfileChanged { claims: Some(Arc::clone(&object)), public_data: None, private_data: Some(object) },
        Change::ExtensionReported(Reported { members: gone }),
        Change::Disabled,
        Change::Enabled,
        Change::Merged { user: key.user.clone() },
        Change::MergedInto { user: key.user.clone() },
        Change::Stripped { was: "added".to_owned(), id: Some(id(1)) },
        Change::Stripped { was: "created".to_owned(), id: None },
    ]
}
