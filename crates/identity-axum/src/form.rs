//! What a browser sends to the account page.

use axum::http::{HeaderMap, header};
use identity::IdentifierId;

/// The fields of a form.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) token: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) code: Option<String>,
    /// Whether a field came twice. Two of a name could be read as either.
    pub(crate) doubled: bool,
}

impl Form {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let place = match &*name {
                "token" => &mut form.token,
                "do" => &mut form.action,
                "id" => &mut form.id,
                "address" => &mut form.address,
                "code" => &mut form.code,
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
        self.address.as_deref().or(self.code.as_deref()).unwrap_or_default()
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
    /// By `Sec-Fetch-Site`, and where the browser has none by `Origin`. A page that names no referrer has the origin `null`,
    /// and so has one in a sandbox.
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
