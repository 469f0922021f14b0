use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity_core::{DeliveryState, DeliveryTicket, Report, Timestamp};
use sha1::Sha1;
use url::{Url, form_urlencoded};

use crate::http::{self, EndpointError};
use crate::{Callback, CallbackError, Secret};

/// Checks and reads the callbacks that [`TwilioNotifier::with_callback`](crate::TwilioNotifier::with_callback) asked for.
///
/// The signature has no time in it, so a recorded callback can be sent again. It reports the same state of the same message, which
/// `report_delivery` ignores: a report changes a message only towards a later state.
pub struct TwilioCallbacks {
    token: Secret,
    url: Url,
}

impl TwilioCallbacks {
    /// Reads callbacks to `url`, signed with the account's token. The URL is configuration: the request's own `Host` is whatever the
    /// caller writes.
    ///
    /// # Errors
    /// [`EndpointError`], by variant, when the URL cannot be used.
    pub fn new(token: Secret, url: &str) -> Result<Self, EndpointError> {
        Ok(Self { token, url: http::endpoint(url)? })
    }

    /// Checks `X-Twilio-Signature` in constant time, and reads the report. `query` is the query of the request without `?`, `body`
    /// its form, `at` the time of its arrival.
    ///
    /// # Errors
    /// [`CallbackError::Forged`] when the signature is not the account's, [`CallbackError::Unreadable`] when the callback names no
    /// ticket or no known status.
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

/// The errors after which no message to that number will arrive: it is no line, or no line for text messages.
const FOR_GOOD: [u32; 6] = [21211, 21614, 30004, 30005, 30006, 30011];
/// The error for a person who opted out.
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

/// The address; no token.
impl fmt::Debug for TwilioCallbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioCallbacks").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}
