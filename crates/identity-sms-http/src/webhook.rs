use std::fmt;

use async_trait::async_trait;
use identity_core::{Address, DeliveryState, DeliveryTicket, Report, Timestamp};
use identity_ports::{Accepted, Notice, Notifier, NotifyError};
use identity_texts::{Kind, Texts};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::{self, Answer, Client, EndpointError, Outcome, Request, Timeouts};
use crate::{Callback, CallbackError, WebhookSecret};

/// Posts text messages as signed JSON to a gateway; the crate's page has its form.
pub struct WebhookNotifier {
    client: Client,
    url: Url,
    secret: WebhookSecret,
    texts: Texts,
}

impl WebhookNotifier {
    /// Messages to this address, signed with this secret.
    ///
    /// # Errors
    /// [`EndpointError`] when it is not https.
    pub fn new(url: &str, secret: WebhookSecret, texts: Texts) -> Result<Self, EndpointError> {
        Ok(Self { client: Client::new(), url: http::endpoint(url)?, secret, texts })
    }

    /// With other time-outs.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.client = self.client.with_timeouts(timeouts);
        self
    }

    /// Trusts this certificate, and others that are named so, in the place of those of the web.
    ///
    /// # Errors
    /// [`EndpointError::Certificate`] when it is none in PEM form.
    pub fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, EndpointError> {
        self.client = self.client.with_root_certificate(pem)?;
        Ok(self)
    }

    fn request(&self, notice: &Notice) -> Result<Request, NotifyError> {
        let Address::Phone(to) = &notice.message.to else {
            return Err(NotifyError::permanent("this notifier sends text messages alone"));
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
        400 | 410 | 413 | 422 => Err(NotifyError::permanent(format!("the gateway said {}", answer.status))),
        status => {
            Err(http::common(answer, None)
                .unwrap_or_else(|| NotifyError::transient(format!("the gateway said {status}"))))
        }
    }
}

/// Where it sends to; no secret.
impl fmt::Debug for WebhookNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookNotifier").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Reads the callbacks of a gateway.
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

/// How far the clocks of gateway and host may stand apart, in seconds; a callback that was caught is good for no longer.
const WINDOW: i64 = 300;

impl WebhookCallbacks {
    /// Callbacks that are signed with this secret, which may be the one that messages are signed with.
    #[must_use]
    pub const fn new(secret: WebhookSecret) -> Self {
        Self { secret }
    }

    /// Checks the signature and the time of a callback, by its headers `webhook-id`, `webhook-timestamp` and
    /// `webhook-signature`, and reads the report.
    ///
    /// # Errors
    /// [`CallbackError`] for each thing that can be wrong with it.
    pub fn read(
        &self,
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Callback, CallbackError> {
        let signed_at: i64 = timestamp.parse().map_err(|_| CallbackError::Forged)?;
        // Written back, so that "+5" and "05" are not the 5 that was signed.
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
        // What may have an address in it is not kept: reports must name none.
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
