//! A message as a mail.

use std::time::{Duration, SystemTime};

use identity_core::{DeliveryTicket, Email, Timestamp};
use identity_texts::Mail;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

/// A mail that is ready to go.
pub(crate) struct Letter {
    pub(crate) return_path: Address,
    pub(crate) to: Address,
    pub(crate) bytes: Vec<u8>,
}

/// What all mails of a host have in common.
pub(crate) struct Letterhead {
    pub(crate) from: Mailbox,
    /// Local part and domain of the address that bounces come to; each mail has its own below it.
    pub(crate) bounces: Option<(String, String)>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

/// An address as the driver has it. What is an address here is one there, even where the driver's own reading is narrower.
pub(crate) fn address(email: &str) -> Option<Address> {
    let (local, domain) = email.rsplit_once('@')?;
    match Address::new(local, domain) {
        Ok(address) => Some(address),
        // A stored address may be older than the rules of today, and is not read anew when it is restored.
        Err(_) => Email::parse(email).ok().map(|_| Address::new_dangerous(local, domain)),
    }
}

impl Letterhead {
    /// Where what cannot be delivered comes back to: the ticket is in the address (VERP).
    pub(crate) fn return_path(&self, ticket: &DeliveryTicket) -> Address {
        match &self.bounces {
            Some((local, domain)) => Address::new_dangerous(format!("{local}+{ticket}"), domain),
            None => self.from.email.clone(),
        }
    }

    /// The sender, where the driver would write a full stop bare, which RFC 5322, 4.1 calls obsolete, and some readers fail at.
    fn quoted_from(&self) -> Option<HeaderValue> {
        let name = self.from.name.as_deref().filter(|name| name.is_ascii() && name.contains('.'))?;
        let quoted = format!("\"{}\" <{}>", name.replace('\\', "\\\\").replace('"', "\\\""), self.from.email);
        let header = HeaderName::new_from_ascii_str("From");
        Some(HeaderValue::dangerous_new_pre_encoded(header, quoted.clone(), quoted))
    }

    pub(crate) fn letter(
        &self,
        to: Address,
        mail: &Mail,
        ticket: &DeliveryTicket,
        at: Timestamp,
    ) -> Result<Letter, lettre::error::Error> {
        let domain = self.bounces.as_ref().map_or(self.from.email.domain(), |(_, domain)| domain);
        let since = Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or(0));
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject.as_str())
            .date(SystemTime::UNIX_EPOCH + since)
            // The same at every attempt: who gets it twice can tell.
            .message_id(Some(format!("<{ticket}@{domain}>")));
        // RFC 3834, 5: no automatic answers; the other one says it to servers that do not know the first.
        let fixed = [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")];
        for (name, value) in fixed.into_iter().chain([("Content-Language", mail.language.as_str())]) {
            builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
        }
        for (name, value) in &self.headers {
            builder = builder.raw_header(HeaderValue::new(name.clone(), value.clone()));
        }
        let part = |kind, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
        let text = part(ContentType::TEXT_PLAIN, &mail.text);
        let html = part(ContentType::TEXT_HTML, &mail.html);
        let mut message = builder.multipart(MultiPart::alternative().singlepart(text).singlepart(html))?;
        if let Some(from) = self.quoted_from() {
            message.headers_mut().insert_raw(from);
        }
        Ok(Letter { return_path: self.return_path(ticket), to, bytes: message.formatted() })
    }
}
