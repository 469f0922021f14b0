use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use identity_core::Address;
use identity_ports::{Accepted, ForeignError, Notice, Notifier, NotifyError};
use identity_texts::Texts;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use crate::http::{self, Answer, Client, EndpointError, Outcome, Request, Timeouts};
use crate::secret::Secret;

/// An account: its SID, and the token that belongs to it.
#[derive(Debug, Clone)]
pub struct TwilioAccount {
    /// The SID, which begins with `AC`.
    pub sid: String,
    /// The token. It signs requests in and callbacks.
    pub token: Secret,
}

/// Sends text messages by the form API that Twilio has: `POST /2010-04-01/Accounts/{sid}/Messages.json`.
///
/// The provider is told how long a message is worth sending (`ValidityPeriod`), so that it does not wait in its queues beyond
/// that.
pub struct TwilioNotifier {
    client: Client,
    url: Url,
    account: TwilioAccount,
    sender: String,
    callback: Option<Url>,
    texts: Texts,
}

impl TwilioNotifier {
    /// Messages from `sender`: a number, a name of at most 11 letters and digits, or the SID of a messaging service (`MG..`).
    /// `base` is where the API is, `https://api.twilio.com` for Twilio itself.
    ///
    /// # Errors
    /// [`EndpointError`] when the base is not https, or the account's SID is none.
    pub fn new(base: &str, account: TwilioAccount, sender: &str, texts: Texts) -> Result<Self, EndpointError> {
        if account.sid.is_empty() || !account.sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(EndpointError::Account(account.sid));
        }
        let mut url = http::endpoint(base)?;
        let path = format!("{}/2010-04-01/Accounts/{}/Messages.json", url.path().trim_end_matches('/'), account.sid);
        url.set_path(&path);
        Ok(Self { client: Client::new(), url, account, sender: sender.to_owned(), callback: None, texts })
    }

    /// Asks for callbacks to this address of the host, which gets `?ticket=..` behind it. The same address is given to
    /// [`TwilioCallbacks`](crate::TwilioCallbacks).
    ///
    /// # Errors
    /// [`EndpointError`] when it is not https.
    pub fn with_callback(mut self, url: &str) -> Result<Self, EndpointError> {
        self.callback = Some(http::endpoint(url)?);
        Ok(self)
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
        let from = if self.sender.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let life = notice.message.expires_at.since(self.texts.now()).as_secs();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", to.as_str())
            .append_pair(from, &self.sender)
            .append_pair("Body", &sms.text)
            .append_pair("ValidityPeriod", &life.clamp(1, 14_400).to_string());
        if let Some(callback) = &self.callback {
            let mut callback = callback.clone();
            callback.query_pairs_mut().append_pair("ticket", &notice.ticket.to_string());
            form.append_pair("StatusCallback", callback.as_str());
        }
        let signed_in = BASE64.encode(format!("{}:{}", self.account.sid, self.account.token.reveal()));
        Ok(Request {
            url: self.url.clone(),
            headers: vec![
                ("authorization", format!("Basic {signed_in}")),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: form.finish().into_bytes(),
        })
    }
}

#[async_trait]
impl Notifier for TwilioNotifier {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let request = self.request(notice)?;
        match http::post(&self.client, request).await {
            Outcome::Answered(answer) => judge(&answer),
            Outcome::NotSent(reason) => Err(NotifyError::transient(reason)),
            Outcome::Perhaps(reason) => Err(NotifyError::unknown(reason)),
        }
    }
}

#[derive(Deserialize)]
struct Said {
    sid: Option<String>,
    code: Option<u32>,
}

/// Errors of the account, its sender or its load, which Twilio answers 400 to: nothing is wrong with the number.
const OURS: [u32; 12] = [20003, 20404, 20429, 21212, 21602, 21603, 21606, 21611, 21620, 21659, 21660, 21704];

fn judge(answer: &Answer) -> Result<Accepted, NotifyError> {
    let said: Option<Said> = serde_json::from_slice(&answer.body).ok();
    if (200..=299).contains(&answer.status) {
        let sid = said.and_then(|said| said.sid);
        return Ok(Accepted { reference: Some(http::reference(sid.as_deref())), ..Accepted::default() });
    }
    // The message beside the code names the number.
    let code = said.and_then(|said| said.code);
    let named = code.map(|code| format!("error {code}"));
    if let Some(error) = http::common(answer, named.as_deref()) {
        return Err(error);
    }
    let reason = format!("the provider said {}, {}", answer.status, named.as_deref().unwrap_or("no error code"));
    match code {
        Some(code) if OURS.contains(&code) => Err(NotifyError::Transient {
            reason: ForeignError::new(reason),
            retry_after: answer.retry_after,
            next: None,
        }),
        _ => Err(NotifyError::permanent(reason)),
    }
}

/// Where it sends to; no token.
impl fmt::Debug for TwilioNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioNotifier").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}
