use std::fmt;

use async_trait::async_trait;
use identity_core::{Address, DeliveryState, DeliveryTicket, Report, Timestamp};
use identity_ports::{Accepted, Notice, Notifier, NotifyError};
use identity_texts::{Kind, Texts};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::{self, Answer, Client, EndpointError, Outcome, Request, Timeouts};
use crate::{Callback, CallbackError, WebhookSecret};

/// Sends text messages to a gateway as signed JSON; the crate's page describes the form.
pub struct WebhookNotifier {
    client: Client,
    url: Url,
    secret: WebhookSecret,
    texts: Texts,
}

impl WebhookNotifier {
    /// Sends messages to the gateway at `url`, signed with `secret`.
    ///
    /// # Errors
    /// [`EndpointError`], by variant, when the URL cannot be used.
    pub fn new(url: &str, secret: WebhookSecret, texts: Texts) -> Result<Self, EndpointError> {
        Ok(Self { client: Client::new(), url: http::endpoint(url)?, secret, texts })
    }

    /// Sets the deadlines of a request.
    ///
    /// # Errors
    /// [`EndpointError::Timeouts`] when one is zero, or the total is longer than [`Timeouts::MOST`].
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Result<Self, EndpointError> {
        self.client = self.client.with_timeouts(timeouts)?;
        Ok(self)
    }

    /// Trusts this root certificate, and others that are added, instead of those of the web.
    ///
    /// # Errors
    /// [`EndpointError::Certificate`] when it is not a certificate in PEM form.
    pub fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, EndpointError> {
        self.client = self.client.with_root_certificate(pem)?;
        Ok(self)
    }

    fn request(&self, notice: &Notice) -> Result<Request, NotifyError> {
        let Address::Phone(to) = &notice.message.to else {
            return Err(NotifyError::permanent(
                "the message goes to an e-mail address, and this provider sends text messages only; check the routes",
            ));
        };
        let sms = self.texts.sms(notice).map_err(NotifyError::permanent)?;
        let (message, id) = (&notice.message, notice.message.id.to_string());
        let body = serde_json::to_vec(&Posted {
            id: &id,
            ticket: &notice.ticket.to_string(),
            tenant: message.key.tenant.as_str(),
            to: to.as_str(),
            kind: Kind::of(notice).map_or("", Kind::slug),
            language: &sms.language,
            text: &sms.text,
            expires_at: message.expires_at.as_secs(),
        });
        let body = body.map_err(NotifyError::permanent)?;
        let now = self.texts.now().as_secs();
        Ok(Request {
            url: self.url.clone(),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("webhook-timestamp", now.to_string()),
                ("webhook-signature", self.secret.sign(&id, now, &body)),
                ("idempotency-key", id.clone()),
                ("webhook-id", id),
            ],
            body,
        })
    }
}

#[derive(Serialize)]
struct Posted<'a> {
    id: &'a str,
    ticket: &'a str,
    tenant: &'a str,
    to: &'a str,
    kind: &'a str,
    language: &'a str,
    text: &'a str,
    expires_at: i64,
}

#[derive(Deserialize)]
struct Said {
    reference: Option<String>,
}

#[async_trait]
impl Notifier for WebhookNotifier {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let request = self.request(notice)?;
        match http::post(&self.client, request).await {
            Outcome::Answered(answer) => judge(&answer),
            Outcome::NotSent(reason) => Err(NotifyError::transient(reason)),
            Outcome::Perhaps(reason) => Err(NotifyError::unknown(reason)),
        }
    }
}

fn judge(answer: &Answer) -> Result<Accepted, NotifyError> {
    match answer.status {
        200..=299 => {
            let said: Option<Said> = serde_json::from_slice(&answer.body).ok();
            let reference = said.and_then(|said| said.reference);
            Ok(Accepted { reference: Some(http::reference(reference.as_deref())), ..Accepted::default() })
        }
        // Only these are the gateway's own words about the message: proxies on the way answer 400 and 413 for reasons of theirs.
        410 | 422 => Err(NotifyError::permanent(format!("the gateway answered {}", answer.status))),
        status => Err(http::common(answer, None)
            .unwrap_or_else(|| NotifyError::transient(format!("the gateway answered {status}")))),
    }
}

/// The host of the gateway; no secret.
impl fmt::Debug for WebhookNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookNotifier").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Checks and reads the callbacks of a gateway.
#[derive(Debug, Clone)]
pub struct WebhookCallbacks {
    secret: WebhookSecret,
}

#[derive(Deserialize)]
struct Reported {
    ticket: String,
    status: String,
    detail: Option<String>,
}

/// The greatest difference between the clocks of gateway and host, in seconds. A callback that somebody recorded is refused
/// after that.
const WINDOW: i64 = 300;

impl WebhookCallbacks {
    /// Reads callbacks that are signed with `secret`, which may be the secret that messages are signed with.
    #[must_use]
    pub const fn new(secret: WebhookSecret) -> Self {
        Self { secret }
    }

    /// Checks the signature and the time of a callback, by its headers `webhook-id`, `webhook-timestamp` and
    /// `webhook-signature`, and reads the report.
    ///
    /// # Errors
    /// [`CallbackError::Forged`] when the signature does not match, [`CallbackError::Stale`] when the callback was signed more than
    /// 300 s before or after `now`, [`CallbackError::Unreadable`] when it names no ticket or no known status.
    pub fn read(
        &self,
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Callback, CallbackError> {
        let signed_at: i64 = timestamp.parse().map_err(|_| CallbackError::Forged)?;
        // Compared in writing, so that "+5" and "05" are not the 5 that was signed.
        if signed_at.to_string() != timestamp || !self.secret.signed(id, signed_at, body, signature) {
            return Err(CallbackError::Forged);
        }
        if signed_at.abs_diff(now.as_secs()) > WINDOW.unsigned_abs() {
            return Err(CallbackError::Stale);
        }
        let reported: Reported = serde_json::from_slice(body).map_err(|_| CallbackError::Unreadable)?;
        let ticket = DeliveryTicket::parse(&reported.ticket).map_err(|_| CallbackError::Unreadable)?;
        let state = DeliveryState::from_name(&reported.status).ok_or(CallbackError::Unreadable)?;
        let report = Report::new(state, now);
        // A detail that may contain an address is dropped: reports must not name one.
        let detail = reported.detail.filter(|detail| detail.len() <= 200 && !detail.contains(['@', '+', '\0']));
        Ok(Callback {
            ticket,
            report: match detail {
                Some(detail) => report.with_detail(&detail),
                None => report,
            },
        })
    }
}
