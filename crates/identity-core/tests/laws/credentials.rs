//! Reported credentials and sign-in activity, and their removal one by one.

use std::sync::Arc;

use identity_core::{Credentials, ExternalIdentity, Passkey, Refusal, SignIns, Timestamp};

use crate::kit::{Person, given};

fn with_credentials() -> Person {
    let mut ada = given();
    let passkey = |id: &str| Passkey { passkey_id: id.into(), ..Passkey::default() };
    let provider = |name: &str, id: &str| ExternalIdentity {
        authenticator: name.into(),
        provider_user_id: id.into(),
        ..ExternalIdentity::default()
    };
    let credentials = Arc::new(Credentials {
        has_password: true,
        passkeys: vec![passkey("one"), passkey("two")],
        providers: vec![provider("google", "1"), provider("google", "2"), provider("github", "1")],
        ..Credentials::default()
    });
    ada.admin(|user, context| user.report_credentials(&credentials, context)).done();
    ada
}

#[test]
fn removing_a_passkey_changes_nothing_else() {
    let mut ada = with_credentials();
    let before = ada.user.credentials().clone();
    ada.admin(|user, context| user.remove_passkey("one", context)).then(&["credentials_reported"]);
    let passkeys = vec![Passkey { passkey_id: "two".into(), ..Passkey::default() }];
    assert_eq!(*ada.user.credentials(), Credentials { passkeys, ..before });
    let again = ada.admin(|user, context| user.remove_passkey("one", context));
    assert_eq!(again.refused(), Refusal::CredentialNotFound);
}

#[test]
fn a_provider_is_disconnected_by_its_name_and_the_id_there() {
    let mut ada = with_credentials();
    ada.admin(|user, context| user.disconnect("google", "1", context)).then(&["credentials_reported"]);
    let left = ada.user.credentials().providers.iter().map(|known| (&*known.authenticator, &*known.provider_user_id));
    assert_eq!(left.collect::<Vec<_>>(), [("google", "2"), ("github", "1")]);
    let again = ada.admin(|user, context| user.disconnect("google", "1", context));
    assert_eq!(again.refused(), Refusal::CredentialNotFound);
}

#[test]
fn unblocking_clears_the_block_and_its_failures_and_nothing_else() {
    let mut ada = given();
    ada.admin(|user, context| user.unblock(context)).then(&[]);
    let sign_ins = SignIns {
        failure_count: 5,
        attempts_count: 20,
        block_until: Some(Timestamp::from_secs(1)),
        last_attempt: Some(Timestamp::from_secs(2)),
        ..SignIns::default()
    };
    let reported = Arc::new(sign_ins.clone());
    ada.admin(|user, context| user.report_sign_ins(&reported, context)).done();
    ada.admin(|user, context| user.unblock(context)).then(&["sign_ins_reported"]);
    assert_eq!(*ada.user.sign_ins(), SignIns { failure_count: 0, block_until: None, ..sign_ins });
    ada.admin(|user, context| user.unblock(context)).then(&[]);
}

#[test]
fn a_holder_may_change_no_reported_credentials() {
    let mut ada = with_credentials();
    let only = Refusal::AdministratorOnly;
    assert_eq!(ada.holder(|user, context| user.remove_passkey("one", context)).refused(), only);
    assert_eq!(ada.holder(|user, context| user.disconnect("google", "1", context)).refused(), only);
    assert_eq!(ada.holder(|user, context| user.unblock(context)).refused(), only);
}
