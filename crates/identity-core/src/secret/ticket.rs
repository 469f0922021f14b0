use std::fmt;

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::MessageId;

/// Why a text cannot be a [`DeliveryTicket`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no delivery ticket; hand back the one of the message as it was")]
pub struct TicketError;

/// How callbacks and bounced mails name a message: its id, and a proof of 112 bits that the host made the name, so that nobody
/// reports on a message by knowing or guessing ids.
///
/// It prints as 48 characters `a` to `z` and `2` to `7`: with a prefix of some letters it fits the local part of an e-mail
/// address (64 octets, RFC 5321, 4.5.3.1.1) and a URL. Case is ignored when it is read: mail servers change it.
///
/// ```
/// use identity_core::{CodeKeys, DeliveryTicket, MessageId};
/// let keys = CodeKeys::parse(&"5a".repeat(32))?;
/// let message = MessageId::from_uuid(uuid::Uuid::from_u128(7));
/// let text = keys.ticket(message).to_string();
/// assert_eq!(text.len(), 48);
/// let ticket = DeliveryTicket::parse(&text.to_uppercase())?;
/// assert_eq!(keys.message(&ticket), Some(message));
/// // One that somebody else made names nothing.
/// let other = CodeKeys::parse(&"5b".repeat(32))?;
/// assert_eq!(other.message(&ticket), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct DeliveryTicket {
    message: MessageId,
    proof: [u8; PROOF],
}

/// Bytes of the proof: with the 16 of the id they are 30, and 48 characters of five bits without a rest.
pub(super) const PROOF: usize = 14;

/// RFC 4648, section 6, in lower case.
const SYMBOLS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl DeliveryTicket {
    pub(super) const fn new(message: MessageId, proof: [u8; PROOF]) -> Self {
        Self { message, proof }
    }

    /// Reads what [`Display`](fmt::Display) writes, case apart. Whether it is one of the host's,
    /// [`CodeKeys::message`](crate::CodeKeys::message) says.
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

    /// Which message it claims to name.
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

/// Which message; the proof does not print.
impl fmt::Debug for DeliveryTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveryTicket({})", self.message)
    }
}
