use std::fmt;

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::base::{MessageId, codes};

/// The reason why a text cannot be a [`DeliveryTicket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a delivery ticket; report with the ticket of the message, unchanged")]
pub struct TicketError;

codes!(TicketError { Self => "ticket_malformed" });

/// The name under which callbacks and bounced mails report on a message: its id, and a proof of 112 bits that the host
/// issued the ticket. Nobody can report on a message by knowing or guessing its id.
///
/// A ticket prints as 48 characters `a` to `z` and `2` to `7`. With a short prefix it fits the local part of an e-mail
/// address (64 octets, RFC 5321, section 4.5.3.1.1), and it fits a URL. It is read without regard to case, because mail
/// servers change the case.
///
/// ```
/// use identity_core::{CodeKeys, DeliveryTicket, MessageId};
/// let keys = CodeKeys::parse(&"5a".repeat(32))?;
/// let message = MessageId::from_uuid(uuid::Uuid::from_u128(7));
/// let text = keys.ticket(message).to_string();
/// assert_eq!(text.len(), 48);
/// let ticket = DeliveryTicket::parse(&text.to_uppercase())?;
/// assert_eq!(keys.message(&ticket), Some(message));
/// // A ticket that another host made names no message.
/// let other = CodeKeys::parse(&"5b".repeat(32))?;
/// assert_eq!(other.message(&ticket), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct DeliveryTicket {
    message: MessageId,
    proof: [u8; PROOF],
}

/// The length of the proof in bytes: with the 16 bytes of the id they are 30, which 48 characters of five bits
/// represent exactly.
pub(super) const PROOF: usize = 14;

/// The alphabet of RFC 4648, section 6, in lower case.
const SYMBOLS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl DeliveryTicket {
    pub(super) const fn new(message: MessageId, proof: [u8; PROOF]) -> Self {
        Self { message, proof }
    }

    /// Reads what [`Display`](fmt::Display) prints, without regard to case. Whether the ticket was made by this host is
    /// judged by [`CodeKeys::message`](crate::secret::CodeKeys::message).
    ///
    /// # Errors
    /// [`TicketError`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, TicketError> {
        let mut bytes = [0; 16 + PROOF];
        let (groups, rest) = text.as_bytes().as_chunks::<8>();
        if groups.len() * 5 != bytes.len() || !rest.is_empty() {
            return Err(TicketError);
        }
        for (group, five) in groups.iter().zip(bytes.as_chunks_mut::<5>().0) {
            let mut bits = 0_u64;
            for symbol in group {
                let symbol = symbol.to_ascii_lowercase();
                let value = SYMBOLS.iter().position(|known| *known == symbol).ok_or(TicketError)?;
                bits = bits << 5 | value as u64;
            }
            let [.., a, b, c, d, e] = bits.to_be_bytes();
            *five = [a, b, c, d, e];
        }
        let (id, proof) = bytes.split_first_chunk::<16>().ok_or(TicketError)?;
        let message = MessageId::from_uuid(Uuid::from_bytes(*id));
        Ok(Self { message, proof: proof.try_into().map_err(|_| TicketError)? })
    }

    /// The message that the ticket claims to name.
    pub(super) const fn claimed(&self) -> MessageId {
        self.message
    }

    pub(super) fn matches(&self, right: &Self) -> subtle::Choice {
        self.proof.ct_eq(&right.proof)
    }
}

impl fmt::Display for DeliveryTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 16 + PROOF];
        for (to, from) in bytes.iter_mut().zip(self.message.as_uuid().as_bytes().iter().chain(&self.proof)) {
            *to = *from;
        }
        for five in bytes.as_chunks::<5>().0 {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let symbol = SYMBOLS.get((bits >> (5 * place) & 31) as usize).copied().unwrap_or(b'a');
                fmt::Write::write_char(f, char::from(symbol))?;
            }
        }
        Ok(())
    }
}

/// Prints the message's id without the proof.
impl fmt::Debug for DeliveryTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveryTicket({})", self.message)
    }
}
