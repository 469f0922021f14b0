//! Rules of single fields, and what is said about the one that is broken first.

use crate::failure::Failure;
use crate::wire::{
    AddHumanUserRequest, GetUserByIdRequest, Organization, RemovePhoneRequest, ResendEmailCodeRequest,
    ResendPhoneCodeRequest, SendEmailCodeRequest, SendEmailVerificationCode, SetEmailRequest, SetHumanEmail,
    SetHumanPhone, SetHumanProfile, SetPhoneRequest, VerifyEmailRequest, VerifyPhoneRequest, resend_email_code_request,
    send_email_code_request, set_email_request, set_human_email, set_human_phone, set_phone_request,
};

/// A message whose fields have rules.
pub trait Rules {
    /// The first rule that is broken.
    ///
    /// # Errors
    /// The rule.
    fn check(&self) -> Result<(), Broken>;
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::unreadable(broken.0)
    }
}

fn broken(field: &str, rule: &str) -> Broken {
    Broken(format!("invalid {field}: {rule}"))
}

/// Lengths count characters.
fn length(field: &str, text: &str, least: usize, most: usize) -> Result<(), Broken> {
    // Bytes first: a huge text is not walked.
    let fits = text.len() <= 4 * most && (least..=most).contains(&text.chars().count());
    match (fits, least) {
        (true, _) => Ok(()),
        (false, 0) => Err(broken(field, &format!("value length must be at most {most} runes"))),
        (false, _) => Err(broken(field, &format!("value length must be between {least} and {most} runes, inclusive"))),
    }
}

fn optional(field: &str, text: Option<&String>, least: usize, most: usize) -> Result<(), Broken> {
    text.map_or(Ok(()), |text| length(field, text, least, most))
}

fn within(field: &str, inner: Result<(), Broken>) -> Result<(), Broken> {
    inner.map_err(|Broken(cause)| broken(field, &format!("embedded message failed validation | caused by: {cause}")))
}

fn required<M: Rules>(field: &str, message: Option<&M>) -> Result<(), Broken> {
    message.map_or_else(|| Err(broken(field, "value is required")), |message| within(field, message.check()))
}

fn truth(field: &str, flag: bool) -> Result<(), Broken> {
    if flag { Ok(()) } else { Err(broken(field, "value must equal true")) }
}

const ID: (usize, usize) = (1, 200);
const CODE: (usize, usize) = (1, 20);

impl Rules for AddHumanUserRequest {
    fn check(&self) -> Result<(), Broken> {
        within("AddHumanUserRequest.Organization", self.organization.as_ref().map_or(Ok(()), Organization::check))?;
        required("AddHumanUserRequest.Profile", self.profile.as_ref())?;
        required("AddHumanUserRequest.Email", self.email.as_ref())?;
        within("AddHumanUserRequest.Phone", self.phone.as_ref().map_or(Ok(()), SetHumanPhone::check))?;
        optional("AddHumanUserRequest.UserId", self.user_id.as_ref(), ID.0, ID.1)?;
        optional("AddHumanUserRequest.Username", self.username.as_ref(), ID.0, ID.1)
    }
}

impl Rules for Organization {
    fn check(&self) -> Result<(), Broken> {
        Ok(())
    }
}

impl Rules for SetHumanProfile {
    fn check(&self) -> Result<(), Broken> {
        length("SetHumanProfile.GivenName", &self.given_name, 1, 200)?;
        length("SetHumanProfile.FamilyName", &self.family_name, 1, 200)?;
        optional("SetHumanProfile.NickName", self.nick_name.as_ref(), 0, 200)?;
        optional("SetHumanProfile.DisplayName", self.display_name.as_ref(), 0, 200)?;
        optional("SetHumanProfile.PreferredLanguage", self.preferred_language.as_ref(), 0, 10)
    }
}

impl Rules for SetHumanEmail {
    fn check(&self) -> Result<(), Broken> {
        length("SetHumanEmail.Email", &self.email, 1, 200)?;
        match &self.verification {
            Some(set_human_email::Verification::SendCode(send)) => within("SetHumanEmail.SendCode", send.check()),
            _ => Ok(()),
        }
    }
}

impl Rules for SetHumanPhone {
    fn check(&self) -> Result<(), Broken> {
        length("SetHumanPhone.Phone", &self.phone, 0, 200)?;
        match self.verification {
            Some(set_human_phone::Verification::IsVerified(flag)) => truth("SetHumanPhone.IsVerified", flag),
            _ => Ok(()),
        }
    }
}

impl Rules for SendEmailVerificationCode {
    fn check(&self) -> Result<(), Broken> {
        optional("SendEmailVerificationCode.UrlTemplate", self.url_template.as_ref(), 1, 200)
    }
}

impl Rules for GetUserByIdRequest {
    fn check(&self) -> Result<(), Broken> {
        length("GetUserByIDRequest.UserId", &self.user_id, ID.0, ID.1)
    }
}

impl Rules for SetEmailRequest {
    fn check(&self) -> Result<(), Broken> {
        length("SetEmailRequest.UserId", &self.user_id, ID.0, ID.1)?;
        length("SetEmailRequest.Email", &self.email, 1, 200)?;
        match &self.verification {
            Some(set_email_request::Verification::SendCode(send)) => within("SetEmailRequest.SendCode", send.check()),
            Some(set_email_request::Verification::IsVerified(flag)) => truth("SetEmailRequest.IsVerified", *flag),
            _ => Ok(()),
        }
    }
}

impl Rules for ResendEmailCodeRequest {
    fn check(&self) -> Result<(), Broken> {
        length("ResendEmailCodeRequest.UserId", &self.user_id, ID.0, ID.1)?;
        match &self.verification {
            Some(resend_email_code_request::Verification::SendCode(send)) => {
                within("ResendEmailCodeRequest.SendCode", send.check())
            }
            _ => Ok(()),
        }
    }
}

impl Rules for SendEmailCodeRequest {
    fn check(&self) -> Result<(), Broken> {
        length("SendEmailCodeRequest.UserId", &self.user_id, ID.0, ID.1)?;
        match &self.verification {
            Some(send_email_code_request::Verification::SendCode(send)) => {
                within("SendEmailCodeRequest.SendCode", send.check())
            }
            _ => Ok(()),
        }
    }
}

impl Rules for VerifyEmailRequest {
    fn check(&self) -> Result<(), Broken> {
        length("VerifyEmailRequest.UserId", &self.user_id, ID.0, ID.1)?;
        length("VerifyEmailRequest.VerificationCode", &self.verification_code, CODE.0, CODE.1)
    }
}

impl Rules for SetPhoneRequest {
    fn check(&self) -> Result<(), Broken> {
        length("SetPhoneRequest.UserId", &self.user_id, ID.0, ID.1)?;
        length("SetPhoneRequest.Phone", &self.phone, 1, 200)?;
        match self.verification {
            Some(set_phone_request::Verification::IsVerified(flag)) => truth("SetPhoneRequest.IsVerified", flag),
            _ => Ok(()),
        }
    }
}

impl Rules for RemovePhoneRequest {
    fn check(&self) -> Result<(), Broken> {
        length("RemovePhoneRequest.UserId", &self.user_id, ID.0, ID.1)
    }
}

impl Rules for ResendPhoneCodeRequest {
    fn check(&self) -> Result<(), Broken> {
        length("ResendPhoneCodeRequest.UserId", &self.user_id, ID.0, ID.1)
    }
}

impl Rules for VerifyPhoneRequest {
    fn check(&self) -> Result<(), Broken> {
        length("VerifyPhoneRequest.UserId", &self.user_id, ID.0, ID.1)?;
        length("VerifyPhoneRequest.VerificationCode", &self.verification_code, CODE.0, CODE.1)
    }
}
