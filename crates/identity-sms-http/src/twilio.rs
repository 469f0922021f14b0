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

/// An account of the form API.
#[derive(Debug, Clone)]
pub struct TwilioAccount {
    /// The SID, which begins with `AC`.
    pub sid: String,
    /// The token. It authenticates requests, and signs callbacks.
    pub token: Secret,
}

/// Sends text messages by the form API of Twilio: `POST /2010-04-01/Accounts/{sid}/Messages.json`.
///
/// `ValidityPeriod` tells the provider how long a message is of use, at most 14,400 s, so that it does not wait in a queue for
/// longer.
pub struct TwilioNotifier {
    client: Client,
    url: Url,
    account: TwilioAccount,
    sender: String,
    callback: Option<Url>,
    texts: Texts,
}

impl TwilioNotifier {
    /// Sends messages from `sender`: a number, a name of at most 11 letters and digits, or the SID of a messaging service (`MG..`).
    /// `base` is the address of the API, `https://api.twilio.com` for Twilio itself.
    ///
    /// # Errors
    /// [`EndpointError`], by variant, when the URL or the account's SID cannot be used.
    pub fn new(base: &str, account: TwilioAccount, sender: &str, texts: Texts) -> Result<Self, EndpointError> {
        if account.sid.is_empty() || !account.sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(EndpointError::Account(account.sid));
        }
        let mut url = http::endpoint(base)?;
        let path = format!("{}/2010-04-01/Accounts/{}/Messages.json", url.path().trim_end_matches('/'), account.sid);
        url.set_path(&path);
        Ok(Self { client: Client::new(), url, account, sender: sender.to_owned(), callback: None, texts })
    }

    /// Asks for callbacks to this address of the host, with `?ticket=..` added. [`TwilioCallbacks`](crate::TwilioCallbacks) needs the
    /// same address.
    ///
    /// # Errors
    /// [`EndpointError`], by variant, when the URL cannot be used.
    pub fn with_callback(mut self, url: &str) -> Result<Self, EndpointError> {
        self.callback = Some(http::endpoint(url)?);
        Ok(self)
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

/// The errors that are about the number: it is not valid, no line for text messages, or has opted out. All others are about the
/// account, its sender, its permissions or the text, and new ones appear; none of them may mark a number as undeliverable.
const ABOUT_THE_NUMBER: [u32; 6] = [21211, 21214, 21217, 21610, 21614, 21635];

fn judge(answer: &Answer) -> Result<Accepted, NotifyError> {
    let said: Option<Said> = serde_json::from_slice(&answer.body).ok();
    if (200..=299).contains(&answer.status) {
        let sid = said.and_then(|said| said.sid);
        return Ok(Accepted { reference: Some(http::reference(sid.as_deref())), ..Accepted::default() });
    }
    // The text beside the code names the number, so it is not kept.
    let code = said.and_then(|said| said.code);
    let named = code.map(|code| format!("error {code}"));
    if let Some(error) = http::common(answer, named.as_deref()) {
        return Err(error);
    }
    let reason = format!("the provider answered {}, {}", answer.status, named.as_deref().unwrap_or("no error code"));
    if code.is_some_and(|code| ABOUT_THE_NUMBER.contains(&code)) {
        return Err(NotifyError::permanent(reason));
    }
    Err(NotifyError::Transient { reason: ForeignError::new(reason), retry_after: answer.retry_after, next: None })
}

/// The host of the API; no token.
impl fmt::Debug for TwilioNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioNotifier").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}
