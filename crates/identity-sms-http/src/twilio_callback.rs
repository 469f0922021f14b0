use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity_core::{DeliveryState, DeliveryTicket, Report, Timestamp};
use sha1::Sha1;
use url::{Url, form_urlencoded};

use crate::http::{self, EndpointError};
use crate::{Callback, CallbackError, Secret};

/// Reads the callbacks that [`TwilioNotifier::with_callback`](crate::TwilioNotifier::with_callback) asked for.
pub struct TwilioCallbacks {
    token: Secret,
    url: Url,
}

impl TwilioCallbacks {
    /// With the account's token, and the address that was asked for. It is configuration: the one of the request would be the
    /// caller's word for where the caller called.
    ///
    /// # Errors
    /// [`EndpointError`] when it is not https.
    pub fn new(token: Secret, url: &str) -> Result<Self, EndpointError> {
        Ok(Self { token, url: http::endpoint(url)? })
    }

    /// Checks `X-Twilio-Signature`, and reads the report. `query` is what stands behind the `?` of the request, `body` its
    /// form, `at` when it came.
    ///
    /// # Errors
    /// [`CallbackError::Forged`] when the signature is not the account's, [`CallbackError::Unreadable`] when there is no
    /// ticket or no status that is known.
    pub fn read(&self, query: &str, body: &str, signature: &str, at: Timestamp) -> Result<Callback, CallbackError> {
        let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let mut url = self.url.clone();
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        if !self.signed(url.as_str(), &form, signature) {
            return Err(CallbackError::Forged);
        }
        let one = |pairs: &mut dyn Iterator<Item = (String, String)>, name: &str| {
            let mut found = pairs.filter(|(known, _)| known == name).map(|(_, value)| value);
            found.next().filter(|_| found.next().is_none()).ok_or(CallbackError::Unreadable)
        };
        let ticket = one(&mut form_urlencoded::parse(query.as_bytes()).into_owned(), "ticket")?;
        let ticket = DeliveryTicket::parse(&ticket).map_err(|_| CallbackError::Unreadable)?;
        let status = one(&mut form.iter().cloned(), "MessageStatus")?;
        let code = form.iter().find(|(name, _)| name == "ErrorCode").and_then(|(_, code)| code.parse::<u32>().ok());
        let state = state(&status, code).ok_or(CallbackError::Unreadable)?;
        let report = Report::new(state, at);
        let report = match code {
            Some(code) if code != 0 => report.with_detail(&format!("{status}, error {code}")),
            _ => report.with_detail(&status),
        };
        Ok(Callback { ticket, report })
    }

    /// HMAC-SHA-1 over the address and every parameter, name and value, in the order of names and then of values; compared
    /// in constant time.
    fn signed(&self, url: &str, form: &[(String, String)], signature: &str) -> bool {
        let Ok(signature) = BASE64.decode(signature) else { return false };
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.token.reveal().as_bytes()) else { return false };
        mac.update(url.as_bytes());
        let mut form: Vec<_> = form.iter().collect();
        form.sort();
        form.dedup();
        for (name, value) in form {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&signature).is_ok()
    }
}

/// Errors after which no message to that number will arrive: it is no line, or no line for text messages, or wants no more.
const FOR_GOOD: [u32; 6] = [21211, 21614, 30004, 30005, 30006, 30011];
/// The person asked for no more.
const STOPPED: u32 = 21610;

fn state(status: &str, code: Option<u32>) -> Option<DeliveryState> {
    match status {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => Some(DeliveryState::Accepted),
        "delivered" | "read" => Some(DeliveryState::Delivered),
        "undelivered" | "failed" => Some(match code {
            Some(STOPPED) => DeliveryState::Complained,
            Some(code) if FOR_GOOD.contains(&code) => DeliveryState::Bounced,
            _ => DeliveryState::Failed,
        }),
        "canceled" => Some(DeliveryState::Failed),
        _ => None,
    }
}

/// No token.
impl fmt::Debug for TwilioCallbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioCallbacks").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}
