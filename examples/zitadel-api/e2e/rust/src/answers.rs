//! The client's types in JSON, as protobuf maps them: 64-bit numbers as text, no zero values, no absent messages.

use serde_json::{Value, json};
use zitadel::api::zitadel::object::v2::Details;
use zitadel::api::zitadel::user::v2::*;

/// An object of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn text(text: String) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

fn truth(truth: bool) -> Option<Value> {
    truth.then(|| true.into())
}

/// The client's own JSON has `+00:00` where protobuf's has `Z`.
fn date(date: impl serde::Serialize) -> Value {
    json!(json!(date).as_str().map(|text| text.replace("+00:00", "Z")))
}

fn details(details: Option<Details>) -> Option<Value> {
    let Details { sequence, change_date, resource_owner, creation_date } = details?;
    Some(object([
        ("sequence", (sequence != 0).then(|| sequence.to_string().into())),
        ("changeDate", change_date.map(date)),
        ("resourceOwner", text(resource_owner)),
        ("creationDate", creation_date.map(date)),
    ]))
}

/// The answers that have details, and perhaps a code.
macro_rules! with_details {
    ($($method:ident: $answer:ident $(, $name:literal: $field:ident)*;)*) => {
        $(pub fn $method(answer: $answer) -> Value {
            object([("details", details(answer.details)), $(($name, answer.$field.map(Value::from)),)*])
        })*
    };
}

with_details! {
    set_email: SetEmailResponse, "verificationCode": verification_code;
    resend_email_code: ResendEmailCodeResponse, "verificationCode": verification_code;
    send_email_code: SendEmailCodeResponse, "verificationCode": verification_code;
    verify_email: VerifyEmailResponse;
    set_phone: SetPhoneResponse, "verificationCode": verification_code;
    remove_phone: RemovePhoneResponse;
    resend_phone_code: ResendPhoneCodeResponse, "verificationCode": verification_code;
    verify_phone: VerifyPhoneResponse;
    delete_user: DeleteUserResponse;
}

pub fn add_human_user(answer: AddHumanUserResponse) -> Value {
    object([
        ("userId", text(answer.user_id)),
        ("details", details(answer.details)),
        ("emailCode", answer.email_code.map(Value::from)),
        ("phoneCode", answer.phone_code.map(Value::from)),
    ])
}

pub fn get_user_by_id(answer: GetUserByIdResponse) -> Value {
    object([("details", details(answer.details)), ("user", answer.user.map(user))])
}

fn user(user: User) -> Value {
    let state = (user.state != 0).then(|| user.state().as_str_name().into());
    let human = match user.r#type {
        Some(user::Type::Human(human)) => Some(self::human(human)),
        Some(user::Type::Machine(_)) | None => None,
    };
    object([
        ("userId", text(user.user_id)),
        ("details", details(user.details)),
        ("state", state),
        ("username", text(user.username)),
        ("loginNames", (!user.login_names.is_empty()).then(|| user.login_names.into())),
        ("preferredLoginName", text(user.preferred_login_name)),
        ("human", human),
    ])
}

fn human(human: HumanUser) -> Value {
    let profile = human.profile.map(|profile| {
        object([
            ("givenName", text(profile.given_name)),
            ("familyName", text(profile.family_name)),
            ("nickName", profile.nick_name.map(Value::from)),
            ("displayName", profile.display_name.map(Value::from)),
            ("preferredLanguage", profile.preferred_language.map(Value::from)),
        ])
    });
    let email =
        human.email.map(|email| object([("email", text(email.email)), ("isVerified", truth(email.is_verified))]));
    let phone =
        human.phone.map(|phone| object([("phone", text(phone.phone)), ("isVerified", truth(phone.is_verified))]));
    object([("profile", profile), ("email", email), ("phone", phone)])
}
