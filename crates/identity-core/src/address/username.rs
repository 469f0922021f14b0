use std::sync::Arc;

use serde::{Deserialize as _, Deserializer};
use unicode_normalization::UnicodeNormalization;

use super::confusable::{ScriptFlags, skeleton};
use super::confusable_chars::{CharacterError, fold_ascii, is_mark, nfc, screen};
use super::{ClaimKey, ClaimKind, masked};
use crate::base::{codes, text_value};

/// The reason why a text is not a [`Username`]. It never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameError {
    /// The text is empty.
    #[error("enter a username")]
    Empty,
    /// The text has more than 200 characters or 800 octets in NFC.
    #[error("use a username of at most 200 characters")]
    TooLong,
    /// There is a character that no identifier may contain.
    #[error(transparent)]
    Character(#[from] CharacterError),
    /// A store returned a text that is not a username which this library writes.
    #[error("the stored username is not one that this library writes: restore it from a backup")]
    Stored,
}

codes!(UsernameError {
    Self::Empty => "username_empty",
    Self::TooLong => "username_too_long",
    Self::Stored => "username_stored",
} {
    Self::Character(error) => error.code(),
});

/// A name with which a user signs in. It is parsed once, is always in canonical form, and keeps what was typed.
///
/// A username has 1 to 200 characters of any script, in NFC. White space, control characters, bidirectional and
/// zero-width characters, private-use and unassigned code points, characters that NFC turns into ASCII, and a leading
/// combining mark are refused. The claim key (rule 1) puts ASCII letters into lower case and changes nothing else.
///
/// The model is RFC 8265 (PRECIS, `UsernameCaseMapped`), with two differences that keep one person's name from becoming
/// another's: full-width letters are not mapped to ASCII, and letters outside ASCII are not case-folded (the Kelvin
/// sign would become `k`). Symbols are accepted, because imported directories contain names such as `a+b@example.com`.
/// Equality, order and hash are those of the canonical form.
///
/// ```
/// use identity_core::address::Username;
///
/// let name = Username::parse("Ada.Lovelace")?;
/// assert_eq!(name.as_str(), "Ada.Lovelace");
/// assert_eq!(name.claim_key(), Username::parse("ada.lovelace")?.claim_key());
/// assert!(!name.looks_like_address());
/// assert!(Username::parse("+44 1514")
///     .is_err_and(|error| error.to_string() == "remove the white space"));
/// # Ok::<(), identity_core::address::UsernameError>(())
/// ```
#[derive(Clone)]
pub struct Username {
    canonical: Arc<str>,
    typed: Arc<str>,
}

impl Username {
    /// The version of the rule by which [`claim_key`](Self::claim_key) makes keys.
    pub const CLAIM_RULE: u8 = 1;
    /// The maximum length in NFC: 200 characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 200;
    /// The maximum length in NFC: 800 octets.
    pub const MAX_OCTETS: usize = 800;
    /// The maximum length of the input: 2,400 octets. It is longer than a name can be, because normalisation can
    /// shorten the input.
    pub const MAX_INPUT_OCTETS: usize = 3 * Self::MAX_OCTETS;

    /// The number of digits from which a name of digits and separators counts as a phone number.
    const PHONE_DIGITS: usize = 6;

    /// Parses a username as a person types it. Length is checked first, so that the work is bounded for any input.
    ///
    /// # Errors
    ///
    /// The [`UsernameError`] that names the rule that `text` breaks; when it breaks several, one of them.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        if text.is_empty() {
            return Err(UsernameError::Empty);
        }
        if text.len() > Self::MAX_INPUT_OCTETS {
            return Err(UsernameError::TooLong);
        }
        screen(text)?;
        let canonical = nfc(text);
        if canonical.len() > Self::MAX_OCTETS || canonical.chars().count() > Self::MAX_CHARS {
            return Err(UsernameError::TooLong);
        }
        if canonical.starts_with(is_mark) {
            return Err(CharacterError::LeadingMark.into());
        }
        Ok(Self::of(&canonical, text))
    }

    /// Restores a username from storage: the texts that [`as_str`](Self::as_str) and [`typed`](Self::typed) returned
    /// when it was written. The rules of [`parse`](Self::parse) are not applied again, so that a stored name stays
    /// readable when a rule changes.
    ///
    /// # Errors
    ///
    /// [`UsernameError::Stored`] when either text is empty, contains a control character or has more than
    /// [`MAX_INPUT_OCTETS`](Self::MAX_INPUT_OCTETS) octets.
    pub fn restore(canonical: &str, typed: &str) -> Result<Self, UsernameError> {
        let sound = |text: &str| {
            !text.is_empty() && text.len() <= Self::MAX_INPUT_OCTETS && !text.chars().any(char::is_control)
        };
        if sound(canonical) && sound(typed) { Ok(Self::of(canonical, typed)) } else { Err(UsernameError::Stored) }
    }

    fn of(canonical: &str, typed: &str) -> Self {
        let stored: Arc<str> = Arc::from(canonical);
        let typed = if typed == canonical { Arc::clone(&stored) } else { Arc::from(typed) };
        Self { canonical: stored, typed }
    }

    /// The canonical form: in NFC, with the case as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// The name exactly as it was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The key by which two usernames are compared. Rule 1 puts ASCII letters into lower case and leaves all other
    /// characters as they are.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        let key: Arc<str> = if self.canonical.bytes().any(|b| b.is_ascii_uppercase()) {
            Arc::from(fold_ascii(&self.canonical))
        } else {
            Arc::clone(&self.canonical)
        };
        ClaimKey::new(ClaimKind::Username, Self::CLAIM_RULE, key)
    }

    /// Whether the name could be mistaken for an e-mail address or a phone number: it contains an `@`, or it consists
    /// of
    /// `+` or `tel:` and digits, or of at least six digits and separators. Digits of any script and full-width forms
    /// count. Only an administrator may assign such a name; otherwise one person could occupy another's address.
    ///
    /// ```
    /// use identity_core::address::Username;
    ///
    /// for (name, taken) in [("ada@example.com", true), ("+44", true), ("015-1496.0453", true), ("r2d2", false),
    /// ("12345", false)] {     assert_eq!(Username::parse(name)?.looks_like_address(), taken); }
    /// # Ok::<(), identity_core::address::UsernameError>(())
    /// ```
    #[must_use]
    pub fn looks_like_address(&self) -> bool {
        let folded: String = self.canonical.nfkc().collect::<String>().to_ascii_lowercase();
        if folded.contains('@') {
            return true;
        }
        let (number, fewest) = match folded.strip_prefix("tel:") {
            Some(rest) => (rest, 1),
            None => (folded.as_str(), Self::PHONE_DIGITS),
        };
        // A `+` marks a number, also after leading separators: `(+44)...`.
        let start = number.trim_start_matches(is_separator);
        let (rest, fewest) = start.strip_prefix('+').map_or((start, fewest), |rest| (rest, 1));
        let digits = rest.chars().filter(|c| is_digit(*c)).count();
        digits >= fewest && rest.chars().all(|c| is_digit(c) || is_separator(c))
    }

    /// The suspicious properties of the scripts in the name (UTS 39).
    #[must_use]
    pub fn script_flags(&self) -> ScriptFlags {
        ScriptFlags::of(&self.canonical)
    }

    /// Whether the name mixes scripts or may be mistaken for an ASCII one. Equal to
    /// [`script_flags`](Self::script_flags)`().any()`.
    #[must_use]
    pub fn is_confusable(&self) -> bool {
        self.script_flags().any()
    }

    /// The confusable [`skeleton`] of the name. Names that look alike have the same skeleton.
    #[must_use]
    pub fn skeleton(&self) -> String {
        skeleton(&self.canonical)
    }
}

fn is_digit(c: char) -> bool {
    use super::confusable_chars::category;
    c.is_ascii_digit() || (!c.is_ascii() && category(c) == icu_properties::props::GeneralCategory::DecimalNumber)
}

/// Whether `c` is written between the digits of a phone number, after NFKC; dashes of all lengths are.
const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '/' | '_' | '~' | '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}')
}

text_value!(Username, UsernameError, "one username as a string", masked);

/// Reads a username without judging it by today's rules: a username that was accepted once stays readable.
pub(crate) fn stored_username<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Username, D::Error> {
    let name = String::deserialize(deserializer)?;
    Username::restore(&name, &name).map_err(serde::de::Error::custom)
}
