//! Mail that comes back: delivery status notifications (RFC 3464, RFC 6533) and complaints (RFC 5965).

use identity_core::{DeliveryState, DeliveryTicket, Report, Timestamp};
use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

/// A report on a message, read from a mail that came back.
#[derive(Debug, Clone)]
pub struct Bounce {
    /// The ticket of the message. `report_delivery` checks it with the host's keys.
    pub ticket: DeliveryTicket,
    /// What became of the message.
    pub report: Report,
}

/// The error for a mail that reports nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoBounce {
    /// The bytes are not a mail.
    #[error("this is not a mail")]
    NotMail,
    /// The mail is not a report: an answer, or an out-of-office message.
    #[error("this mail is neither a delivery status notification nor a complaint")]
    NoReport,
    /// The report has no ticket in it: it is about another mail.
    #[error("this report names no message of this host")]
    NoTicket,
    /// The delivery is still under way, or nobody complained.
    #[error("this report states no outcome")]
    NothingYet,
}

/// The most octets of a mail that are read. A report that quotes a whole mail is larger; its outcome stands at the beginning.
const MOST: usize = 1_048_576;

/// Reads a mail that came back; at most its first 1,048,576 octets. `at` is the time of its arrival.
///
/// A failure with a status of class 5 is [`Bounced`](DeliveryState::Bounced). A full mailbox (5.2.2) and every status of class 4
/// may pass, and are [`Failed`](DeliveryState::Failed).
///
/// # Errors
/// [`NoBounce`], by variant, when the mail reports nothing.
pub fn read(mail: &[u8], at: Timestamp) -> Result<Bounce, NoBounce> {
    let mail = mail.get(..MOST).unwrap_or(mail);
    let message = MessageParser::default().parse(mail).ok_or(NoBounce::NotMail)?;
    let is_report = |message: &Message<'_>| {
        message.content_type().is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("report"))
    };
    if !is_report(&message) {
        return Err(NoBounce::NoReport);
    }
    let (state, detail) = verdict(&message)?;
    let ticket = ticket(mail).ok_or(NoBounce::NoTicket)?;
    Ok(Bounce { ticket, report: Report::new(state, at).with_detail(&detail) })
}

fn verdict(message: &Message<'_>) -> Result<(DeliveryState, String), NoBounce> {
    for part in &message.parts {
        let Some(kind) = part.content_type().filter(|kind| kind.ctype() == "message") else { continue };
        let text = match &part.body {
            PartType::Text(text) => text.to_string(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            PartType::Message(nested) => String::from_utf8_lossy(nested.raw_message()).into_owned(),
            _ => continue,
        };
        match kind.subtype() {
            Some("delivery-status" | "global-delivery-status") => return status(&text),
            Some("feedback-report") => return complaint(&text),
            _ => {}
        }
    }
    Err(NoBounce::NoReport)
}

/// The fields of each group, names in lower case, folded lines joined.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups = vec![Vec::<(String, String)>::new()];
    for line in text.lines() {
        let line = line.trim_end();
        let Some(group) = groups.last_mut() else { break };
        if line.is_empty() {
            groups.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

fn field<'a>(group: &'a [(String, String)], name: &str) -> Option<&'a str> {
    group.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The outcome in a delivery status (RFC 3464, 2.3). A mail has one recipient; where a list made several of it, the gravest
/// outcome counts.
fn status(text: &str) -> Result<(DeliveryState, String), NoBounce> {
    let mut worst: Option<(DeliveryState, String)> = None;
    let groups = groups(text);
    if !groups.iter().any(|group| field(group, "action").is_some()) {
        return Err(NoBounce::NoReport);
    }
    for group in &groups {
        let Some(action) = field(group, "action").map(str::to_ascii_lowercase) else { continue };
        // The status may have a comment behind it.
        let code = field(group, "status").and_then(|status| status.split([' ', '(']).next()).unwrap_or_default();
        let sound = code.len() <= 11 && code.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let code = if sound { code } else { "" };
        let state = match action.as_str() {
            "failed" if code == "5.2.2" || code.starts_with("4.") => DeliveryState::Failed,
            "failed" => DeliveryState::Bounced,
            "delivered" => DeliveryState::Delivered,
            "relayed" | "expanded" => DeliveryState::Accepted,
            _ => continue,
        };
        let graver = |known: &DeliveryState| {
            (state.rank(), state == DeliveryState::Bounced) > (known.rank(), *known == DeliveryState::Bounced)
        };
        if worst.as_ref().is_none_or(|(known, _)| graver(known)) {
            worst = Some((state, format!("{action} {code}").trim_end().to_owned()));
        }
    }
    worst.ok_or(NoBounce::NothingYet)
}

/// The outcome in a complaint (RFC 5965, 3).
fn complaint(text: &str) -> Result<(DeliveryState, String), NoBounce> {
    let groups = groups(text);
    let kind = groups.iter().find_map(|group| field(group, "feedback-type")).ok_or(NoBounce::NoReport)?;
    match kind.to_ascii_lowercase().as_str() {
        kind @ ("abuse" | "fraud" | "opt-out" | "opt-out-list") => Ok((DeliveryState::Complained, kind.to_owned())),
        _ => Err(NoBounce::NothingYet),
    }
}

/// The first ticket in an address of the mail: in the address that it came to, in the return path or the `Message-ID` of what
/// it quotes.
fn ticket(mail: &[u8]) -> Option<DeliveryTicket> {
    const LENGTH: usize = 48;
    mail.windows(LENGTH + 2).find_map(|window| {
        let (first, rest) = window.split_first()?;
        let (last, text) = rest.split_last()?;
        if !matches!(first, b'+' | b'<') || *last != b'@' {
            return None;
        }
        std::str::from_utf8(text).ok().and_then(|text| DeliveryTicket::parse(text).ok())
    })
}
