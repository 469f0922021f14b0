//! Calls in JSON, as the client's types.

use serde_json::Value;
use zitadel::api::zitadel::object::v2::{Organization, organization::Org};
use zitadel::api::zitadel::user::v2::*;

fn text(value: &Value, name: &str) -> String {
    optional(value, name).unwrap_or_default()
}

fn optional(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn user_id(request: &Value) -> String {
    text(request, "userId")
}

/// The `oneof` of a request: each request has a type of its own for the same three.
macro_rules! verification {
    (email $value:expr, $module:ident) => {
        match ($value.get("sendCode"), $value.get("returnCode")) {
            (Some(send), _) => {
                let url_template = optional(send, "urlTemplate");
                Some($module::Verification::SendCode(SendEmailVerificationCode { url_template }))
            }
            (None, Some(_)) => Some($module::Verification::ReturnCode(ReturnEmailVerificationCode {})),
            (None, None) => None,
        }
    };
    (phone $value:expr, $module:ident) => {
        match ($value.get("sendCode"), $value.get("returnCode")) {
            (Some(_), _) => Some($module::Verification::SendCode(SendPhoneVerificationCode {})),
            (None, Some(_)) => Some($module::Verification::ReturnCode(ReturnPhoneVerificationCode {})),
            (None, None) => None,
        }
    };
    ($channel:ident or verified $value:expr, $module:ident) => {
        match $value["isVerified"].as_bool() {
            Some(verified) => Some($module::Verification::IsVerified(verified)),
            None => verification!($channel $value, $module),
        }
    };
}

pub fn add_human_user(request: &Value) -> AddHumanUserRequest {
    let profile = request.get("profile").map(|profile| SetHumanProfile {
        given_name: text(profile, "givenName"),
        family_name: text(profile, "familyName"),
        ..SetHumanProfile::default()
    });
    let email = request.get("email").map(|email| SetHumanEmail {
        email: text(email, "email"),
        verification: verification!(email or verified email, set_human_email),
    });
    let phone = request.get("phone").map(|phone| SetHumanPhone {
        phone: text(phone, "phone"),
        verification: verification!(phone or verified phone, set_human_phone),
    });
    let organization = request
        .get("organization")
        .map(|organization| Organization { org: optional(organization, "orgId").map(Org::OrgId) });
    AddHumanUserRequest {
        user_id: optional(request, "userId"),
        username: optional(request, "username"),
        organization,
        profile,
        email,
        phone,
        ..AddHumanUserRequest::default()
    }
}

pub fn get_user_by_id(request: &Value) -> GetUserByIdRequest {
    GetUserByIdRequest { user_id: user_id(request) }
}

pub fn set_email(request: &Value) -> SetEmailRequest {
    let verification = verification!(email or verified request, set_email_request);
    SetEmailRequest { user_id: user_id(request), email: text(request, "email"), verification }
}

pub fn resend_email_code(request: &Value) -> ResendEmailCodeRequest {
    let verification = verification!(email request, resend_email_code_request);
    ResendEmailCodeRequest { user_id: user_id(request), verification }
}

pub fn send_email_code(request: &Value) -> SendEmailCodeRequest {
    let verification = verification!(email request, send_email_code_request);
    SendEmailCodeRequest { user_id: user_id(request), verification }
}

pub fn verify_email(request: &Value) -> VerifyEmailRequest {
    VerifyEmailRequest { user_id: user_id(request), verification_code: text(request, "verificationCode") }
}

pub fn set_phone(request: &Value) -> SetPhoneRequest {
    let verification = verification!(phone or verified request, set_phone_request);
    SetPhoneRequest { user_id: user_id(request), phone: text(request, "phone"), verification }
}

pub fn remove_phone(request: &Value) -> RemovePhoneRequest {
    RemovePhoneRequest { user_id: user_id(request) }
}

pub fn resend_phone_code(request: &Value) -> ResendPhoneCodeRequest {
    let verification = verification!(phone request, resend_phone_code_request);
    ResendPhoneCodeRequest { user_id: user_id(request), verification }
}

pub fn verify_phone(request: &Value) -> VerifyPhoneRequest {
    VerifyPhoneRequest { user_id: user_id(request), verification_code: text(request, "verificationCode") }
}

pub fn delete_user(request: &Value) -> DeleteUserRequest {
    DeleteUserRequest { user_id: user_id(request) }
}
