//! The ten calls: what each request asks for.

use identity::address::{EmailError, PhoneError};
use identity::{Address, Channel, Email, Phone};
use prost::{Message, Name};
use tonic::Code;

use super::human::{NewHuman, claims};
use super::{Asked, Delivery, Done, Proof, Users};
use crate::failure::Failure;
use crate::rules::Rules;
use crate::text::Text;
use crate::tokens::Caller;
use crate::wire::{
    AddHumanUserRequest, AddHumanUserResponse, GetUserByIdRequest, GetUserByIdResponse, RemovePhoneRequest,
    RemovePhoneResponse, ResendEmailCodeRequest, ResendEmailCodeResponse, ResendPhoneCodeRequest,
    ResendPhoneCodeResponse, SendEmailCodeRequest, SendEmailCodeResponse, SetEmailRequest, SetEmailResponse,
    SetPhoneRequest, SetPhoneResponse, VerifyEmailRequest, VerifyEmailResponse, VerifyPhoneRequest,
    VerifyPhoneResponse, resend_email_code_request, resend_phone_code_request, send_email_code_request,
    set_email_request, set_human_email, set_human_phone, set_phone_request, zitadel::object::v2::organization,
};

/// A call: its request, which knows how it is answered.
pub trait Call: Message + Name + Default + Rules + 'static {
    /// The message of the answer.
    type Answer: Message + Name;

    /// The method's name.
    const METHOD: &'static str;

    /// Sets the user whom the path names.
    fn about(&mut self, user: String);

    /// Answers the call. The rules of its fields have been checked before.
    fn answer(self, users: &Users, caller: &Caller) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

fn email(text: &str) -> Result<Email, Failure> {
    Email::parse(text).map_err(|error| match error {
        EmailError::Empty => Failure::new(Code::InvalidArgument, "EMAIL-spblu", Text::Empty(Channel::Email)),
        _ => Failure::new(Code::InvalidArgument, "EMAIL-599BI", Text::Invalid(Channel::Email)),
    })
}

fn phone(text: &str) -> Result<Phone, Failure> {
    Phone::parse(text).map_err(|error| match error {
        PhoneError::Empty => Failure::new(Code::InvalidArgument, "PHONE-Zt0NV", Text::Empty(Channel::Phone)),
        _ => Failure::new(Code::InvalidArgument, "PHONE-so0wa", Text::Invalid(Channel::Phone)),
    })
}

impl Call for SetEmailRequest {
    type Answer = SetEmailResponse;
    const METHOD: &'static str = "SetEmail";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<SetEmailResponse, Failure> {
        use set_email_request::Verification;
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Email };
        let privileged = matches!(self.verification, Some(Verification::ReturnCode(_) | Verification::IsVerified(_)));
        users.may(&asked, privileged)?;
        let proof = match &self.verification {
            None => Proof::Code(users.sent_by(caller, None)?),
            Some(Verification::SendCode(send)) => Proof::Code(users.sent_by(caller, Some(send))?),
            Some(Verification::ReturnCode(_)) => Proof::Code(Delivery::Returned),
            Some(Verification::IsVerified(_)) => Proof::Attested,
        };
        let Done { details, code } = users.set(&asked, Address::from(email(&self.email)?), &proof).await?;
        Ok(SetEmailResponse { details: Some(details), verification_code: code })
    }
}

impl Call for ResendEmailCodeRequest {
    type Answer = ResendEmailCodeResponse;
    const METHOD: &'static str = "ResendEmailCode";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<ResendEmailCodeResponse, Failure> {
        use resend_email_code_request::Verification;
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Email };
        users.may(&asked, matches!(self.verification, Some(Verification::ReturnCode(_))))?;
        let delivery = match &self.verification {
            None => users.sent_by(caller, None)?,
            Some(Verification::SendCode(send)) => users.sent_by(caller, Some(send))?,
            Some(Verification::ReturnCode(_)) => Delivery::Returned,
        };
        let Done { details, code } = users.send(&asked, &delivery, true).await?;
        Ok(ResendEmailCodeResponse { details: Some(details), verification_code: code })
    }
}

impl Call for SendEmailCodeRequest {
    type Answer = SendEmailCodeResponse;
    const METHOD: &'static str = "SendEmailCode";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<SendEmailCodeResponse, Failure> {
        use send_email_code_request::Verification;
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Email };
        users.may(&asked, matches!(self.verification, Some(Verification::ReturnCode(_))))?;
        let delivery = match &self.verification {
            None => users.sent_by(caller, None)?,
            Some(Verification::SendCode(send)) => users.sent_by(caller, Some(send))?,
            Some(Verification::ReturnCode(_)) => Delivery::Returned,
        };
        let Done { details, code } = users.send(&asked, &delivery, false).await?;
        Ok(SendEmailCodeResponse { details: Some(details), verification_code: code })
    }
}

impl Call for VerifyEmailRequest {
    type Answer = VerifyEmailResponse;
    const METHOD: &'static str = "VerifyEmail";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<VerifyEmailResponse, Failure> {
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Email };
        Ok(VerifyEmailResponse { details: Some(users.verify(&asked, &self.verification_code).await?) })
    }
}

impl Call for SetPhoneRequest {
    type Answer = SetPhoneResponse;
    const METHOD: &'static str = "SetPhone";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<SetPhoneResponse, Failure> {
        use set_phone_request::Verification;
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Phone };
        let proof = match self.verification {
            None | Some(Verification::SendCode(_)) => Proof::Code(Delivery::Sent(None)),
            Some(Verification::ReturnCode(_)) => Proof::Code(Delivery::Returned),
            Some(Verification::IsVerified(_)) => Proof::Attested,
        };
        users.may(&asked, proof.is_privileged())?;
        let Done { details, code } = users.set(&asked, Address::from(phone(&self.phone)?), &proof).await?;
        Ok(SetPhoneResponse { details: Some(details), verification_code: code })
    }
}

impl Call for RemovePhoneRequest {
    type Answer = RemovePhoneResponse;
    const METHOD: &'static str = "RemovePhone";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<RemovePhoneResponse, Failure> {
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Phone };
        Ok(RemovePhoneResponse { details: Some(users.remove(&asked).await?) })
    }
}

impl Call for ResendPhoneCodeRequest {
    type Answer = ResendPhoneCodeResponse;
    const METHOD: &'static str = "ResendPhoneCode";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<ResendPhoneCodeResponse, Failure> {
        use resend_phone_code_request::Verification;
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Phone };
        let delivery = match self.verification {
            None | Some(Verification::SendCode(_)) => Delivery::Sent(None),
            Some(Verification::ReturnCode(_)) => Delivery::Returned,
        };
        let Done { details, code } = users.send(&asked, &delivery, true).await?;
        Ok(ResendPhoneCodeResponse { details: Some(details), verification_code: code })
    }
}

impl Call for VerifyPhoneRequest {
    type Answer = VerifyPhoneResponse;
    const METHOD: &'static str = "VerifyPhone";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<VerifyPhoneResponse, Failure> {
        let asked = Asked { caller, user: &self.user_id, channel: Channel::Phone };
        Ok(VerifyPhoneResponse { details: Some(users.verify(&asked, &self.verification_code).await?) })
    }
}

impl Call for GetUserByIdRequest {
    type Answer = GetUserByIdResponse;
    const METHOD: &'static str = "GetUserByID";

    fn about(&mut self, user: String) {
        self.user_id = user;
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<GetUserByIdResponse, Failure> {
        users.get(caller, &self.user_id).await
    }
}

impl Call for AddHumanUserRequest {
    type Answer = AddHumanUserResponse;
    const METHOD: &'static str = "AddHumanUser";

    fn about(&mut self, user: String) {
        self.user_id = Some(user);
    }

    async fn answer(self, users: &Users, caller: &Caller) -> Result<AddHumanUserResponse, Failure> {
        if !caller.is_administrator() {
            return Err(Failure::no_permission());
        }
        let tenant = users.identity().tenant().as_str();
        let organization = self.organization.and_then(|organization| organization.org).map(|named| match named {
            organization::Org::OrgId(name) | organization::Org::OrgDomain(name) => name,
        });
        if organization.is_some_and(|name| name != tenant) {
            return Err(Failure::no_permission());
        }
        let kept = self.password_type.is_none() && self.totp_secret.is_none();
        if !kept || !self.idp_links.is_empty() || !self.metadata.is_empty() {
            return Err(Failure::new(Code::InvalidArgument, "IDENTITY-notKept", Text::NotKept));
        }
        let given = self.email.unwrap_or_default();
        let proof = match &given.verification {
            None | Some(set_human_email::Verification::IsVerified(false)) => Proof::Code(users.sent_by(caller, None)?),
            Some(set_human_email::Verification::SendCode(send)) => Proof::Code(users.sent_by(caller, Some(send))?),
            Some(set_human_email::Verification::ReturnCode(_)) => Proof::Code(Delivery::Returned),
            Some(set_human_email::Verification::IsVerified(true)) => Proof::Attested,
        };
        let email = (email(&given.email)?, proof);
        // An empty number is none, as everywhere on this wire.
        let given = self.phone.filter(|given| !given.phone.is_empty());
        let number = given.map(|given| {
            let proof = match given.verification {
                None | Some(set_human_phone::Verification::SendCode(_)) => Proof::Code(Delivery::Sent(None)),
                Some(set_human_phone::Verification::ReturnCode(_)) => Proof::Code(Delivery::Returned),
                Some(set_human_phone::Verification::IsVerified(_)) => Proof::Attested,
            };
            phone(&given.phone).map(|number| (number, proof))
        });
        let new = NewHuman {
            user_id: self.user_id,
            username: self.username,
            profile: claims(self.profile.unwrap_or_default())?,
            email,
            phone: number.transpose()?,
        };
        users.add_human(caller, new).await
    }
}
