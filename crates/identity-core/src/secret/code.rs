use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::address::{digit, is_hyphen, is_invisible};
use crate::base::{codes, named_enum};

/// The maximum length of a code, in characters.
pub(crate) const MAX: usize = 20;

named_enum! {
    /// The symbols of which a code is made.
    pub enum Alphabet {
        /// The decimal digits `0` to `9`.
        Digits = "digits",
        /// 20 capital consonants. There are no vowels, so that no words appear and neither I nor O can be mistaken for a digit.
        /// Letters are compared without regard to case.
        Letters = "letters",
    }
}

impl Alphabet {
    /// The symbols of the alphabet, each once.
    #[must_use]
    pub const fn symbols(self) -> &'static [u8] {
        match self {
            Self::Digits => b"0123456789",
            Self::Letters => b"BCDFGHJKLMNPQRSTVWXZ",
        }
    }
}

/// The format of a code: its length and its alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CodeFormat {
    length: u8,
    alphabet: Alphabet,
}

impl CodeFormat {
    /// A format of 1 to 20 symbols; `None` for any other length. Whether it is long enough is judged by
    /// [`VerificationPolicyBuilder::build`](crate::policy::VerificationPolicyBuilder::build).
    #[must_use]
    pub const fn new(length: u8, alphabet: Alphabet) -> Option<Self> {
        if length >= 1 && length as usize <= MAX { Some(Self { length, alphabet }) } else { None }
    }

    /// The number of symbols in a code.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// The alphabet of a code.
    #[must_use]
    pub const fn alphabet(self) -> Alphabet {
        self.alphabet
    }

    /// The entropy of a code, in bits.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an alphabet has a few dozen symbols")]
    pub fn entropy_bits(self) -> f64 {
        f64::from(self.length) * (self.alphabet.symbols().len() as f64).log2()
    }
}

/// The reason why a text cannot be a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The text is empty, or has nothing but white space, hyphens and characters that do not show.
    #[error("the code is empty; type the code from the message")]
    Empty,
    /// The text is longer than 20 characters.
    #[error("a code has at most 20 characters; type only the code from the message")]
    TooLong,
}

codes!(CodeError { Self::Empty => "code_empty", Self::TooLong => "code_too_long" });

/// A code, as a person types it or a notifier sends it. Prints as `[redacted]` and is wiped when dropped.
///
/// ```
/// use identity_core::Code;
/// let code = Code::parse(" 123456 ")?;
/// assert_eq!(code.reveal(), "123456");
/// assert_eq!(Code::parse("123-456")?.reveal(), "123456");
/// assert_eq!(Code::parse("١٢٣ ٤٥٦")?.reveal(), "123456");
/// assert_eq!(format!("{code:?}"), "[redacted]");
/// assert!(Code::parse("").is_err());
/// assert!(Code::parse("123456789012345678901").is_err());
/// # Ok::<(), identity_core::CodeError>(())
/// ```
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code(String);

impl Code {
    /// Reads a code of 1 to 20 characters as a person types or pastes it: white space, hyphens and characters that do not show,
    /// such as the marks around a number in a text from right to left, are left out, and a decimal digit of any script stands
    /// for its value.
    ///
    /// # Errors
    /// * [`CodeError::Empty`] for an empty text.
    /// * [`CodeError::TooLong`] above 20 characters.
    ///
    /// Neither counts as a wrong answer.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        // A code has at most 80 bytes. A very long text is refused before its characters are counted.
        if text.len() > 1_024 {
            return Err(CodeError::TooLong);
        }
        let is_left_out = |c: char| c.is_whitespace() || is_hyphen(c) || is_invisible(c);
        let typed = text.chars().filter(|c| !is_left_out(*c)).map(|c| digit(c).unwrap_or(c));
        match typed.clone().count() {
            0 => Err(CodeError::Empty),
            1..=MAX => {
                // Of the full size from the beginning: a text that grows leaves copies behind that nothing wipes.
                let mut code = String::with_capacity(4 * MAX);
                code.extend(typed);
                Ok(Self(code))
            }
            _ => Err(CodeError::TooLong),
        }
    }

    pub(crate) fn from_symbols(symbols: String) -> Self {
        Self(symbols)
    }

    /// The code in clear, for the notifier that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether both codes are the same without regard to case, compared in a time that depends on neither of them.
    pub(crate) fn matches(&self, right: &Self) -> Choice {
        let (mut a, mut b) = (self.padded(), right.padded());
        let same = a.ct_eq(&b);
        a.zeroize();
        b.zeroize();
        same
    }

    /// The code in upper case, in a buffer of the same size for every code. The last byte holds the length, so that "1"
    /// differs from "1\0".
    fn padded(&self) -> [u8; 4 * MAX + 1] {
        let mut buffer = [0; 4 * MAX + 1];
        for (to, from) in buffer.iter_mut().zip(self.0.bytes()) {
            *to = from.to_ascii_uppercase();
        }
        if let Some(last) = buffer.last_mut() {
            *last = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        }
        buffer
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
