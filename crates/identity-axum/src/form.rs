//! What a browser sends to the account page and to the page that signs in.

use axum::extract::RawForm;
use axum::extract::rejection::RawFormRejection;
use axum::http::{HeaderMap, StatusCode, header};
use identity::address::{AddressError, LabelError};
use identity::{CodeError, HolderError, IdentifierId, PublicRefusal, Timestamp};
use identity_texts::AccountWrong;

use crate::problem::{status, wait};

/// The largest form, in octets. An address and a code are far shorter.
pub(crate) const FORM: usize = 16_384;

/// The fields of a form.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) token: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) label: Option<String>,
    /// Whether a field came twice. Two of a name could be read as either.
    pub(crate) doubled: bool,
}

impl Form {
    /// The form of a request; an empty one, and the reason, when it cannot be read.
    pub(crate) fn of(form: Result<RawForm, RawFormRejection>) -> (Self, Result<(), Failure>) {
        match form {
            Ok(RawForm(bytes)) => (Self::read(&bytes), Ok(())),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                (Self::default(), Err(Failure::Wrong(AccountWrong::TooLong, StatusCode::PAYLOAD_TOO_LARGE)))
            }
            Err(error) => (Self::default(), Err(Failure::Wrong(AccountWrong::Incomplete, error.status()))),
        }
    }

    fn read(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let place = match &*name {
                "token" => &mut form.token,
                "do" => &mut form.action,
                "id" => &mut form.id,
                "address" => &mut form.address,
                "code" => &mut form.code,
                "label" => &mut form.label,
                _ => continue,
            };
            if place.is_some() {
                form.doubled = true;
            } else {
                *place = Some(value.into_owned());
            }
        }
        form
    }

    /// What the person typed.
    pub(crate) fn typed(&self) -> &str {
        [&self.address, &self.code, &self.label].into_iter().find_map(|typed| typed.as_deref()).unwrap_or_default()
    }
}

/// The id in a text; `None` when it is not one.
pub(crate) fn identifier(text: &str) -> Option<IdentifierId> {
    text.parse().ok().map(IdentifierId::from_uuid)
}

/// The site whose page sent a form, as far as the browser tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Here,
    Unknown,
    Elsewhere,
}

impl Sender {
    /// By `Sec-Fetch-Site`, and where the browser has none by `Origin`. A page that names no referrer has the origin
    /// `null`, and so has one in a sandbox.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
            (Some("same-origin" | "none"), _) => Self::Here,
            (Some(_), _) => Self::Elsewhere,
            (None, None | Some("null")) => Self::Unknown,
            (None, Some(origin)) => {
                let host = origin.split_once("://").map(|(_, host)| host);
                if host.is_some() && host == text(header::HOST.as_str()) { Self::Here } else { Self::Elsewhere }
            }
        }
    }
}

/// Why a form changed nothing.
pub(crate) enum Failure {
    Wrong(AccountWrong, StatusCode),
    Error(HolderError),
}

impl Failure {
    /// What the person is told, with the status and the seconds to wait.
    pub(crate) fn told(self, now: Timestamp) -> Result<(AccountWrong, StatusCode, Option<u64>), HolderError> {
        match self {
            Self::Wrong(what, status) => Ok((what, status, None)),
            Self::Error(HolderError::Refused(refusal)) => {
                let retry_after = refusal.retry_at().map(|at| wait(at, now));
                let status = status(&refusal);
                Ok((AccountWrong::Refused(refusal), status, retry_after))
            }
            Self::Error(error) => Err(error),
        }
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::Wrong(AccountWrong::Address(error), StatusCode::UNPROCESSABLE_ENTITY)
    }
}

impl From<CodeError> for Failure {
    fn from(error: CodeError) -> Self {
        Self::Wrong(AccountWrong::NoCode(error), StatusCode::UNPROCESSABLE_ENTITY)
    }
}

impl From<LabelError> for Failure {
    fn from(error: LabelError) -> Self {
        Self::Wrong(AccountWrong::NoLabel(error), StatusCode::UNPROCESSABLE_ENTITY)
    }
}

impl From<PublicRefusal> for Failure {
    fn from(refusal: PublicRefusal) -> Self {
        Self::Error(refusal.into())
    }
}

impl From<HolderError> for Failure {
    fn from(error: HolderError) -> Self {
        Self::Error(error)
    }
}

pub(crate) const INCOMPLETE: Failure = Failure::Wrong(AccountWrong::Incomplete, StatusCode::BAD_REQUEST);
pub(crate) const STALE: Failure = Failure::Wrong(AccountWrong::Stale, StatusCode::FORBIDDEN);
