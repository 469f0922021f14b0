use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::UnicodeNormalization;

use super::confusable::{ScriptFlags, skeleton};
use super::confusable_chars::{CharacterError, fold_ascii, is_mark, nfc, screen};
use super::{ClaimKey, ClaimKind};

/// The rule that a text breaks and therefore is not a [`Username`]. It never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameError {
    /// Nothing was given.
    #[error("enter a username")]
    Empty,
    /// More than 200 characters or 800 octets in NFC.
    #[error("use a username of at most 200 characters")]
    TooLong,
    /// A character that no identifier may hold.
    #[error(transparent)]
    Character(#[from] CharacterError),
    /// What a store returned is not a username that was ever written.
    #[error("repair the stored username: it is not one that was written by this library")]
    Stored,
}

/// A name that a user signs in with: parsed once, always canonical, what was typed kept.
///
/// 1 to 200 characters of any script, in NFC. Refused are white space, controls, bidirectional and zero-width
/// characters, private-use and unassigned code points, characters that NFC turns into ASCII, and a mark with no letter
/// before it. The claim key (rule 1) folds ASCII letters to lower case and nothing else.
///
/// RFC 8265 (PRECIS, `UsernameCaseMapped`) is the model and departed from in two places, because each of them lets one
/// person's name become another's: full-width letters are not mapped to ASCII, and case outside ASCII is not folded
/// (the Kelvin sign would become `k`). Symbols are admitted, because names such as `a+b@example.com` exist in
/// directories that move in. Equality, order and hash are those of the canonical form.
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
    /// The version of the rule that makes [`claim_key`](Self::claim_key).
    pub const CLAIM_RULE: u8 = 1;
    /// The longest name in characters (Unicode scalar values), in NFC.
    pub const MAX_CHARS: usize = 200;
    /// The longest name in octets, in NFC.
    pub const MAX_OCTETS: usize = 800;
    /// The longest input that is looked at, in octets: room for what normalisation composes.
    pub const MAX_INPUT_OCTETS: usize = 3 * Self::MAX_OCTETS;

    /// The fewest digits that a name of digits and separators needs to be taken for a phone number.
    const PHONE_DIGITS: usize = 6;

    /// Reads a username as a person types it.
    ///
    /// # Errors
    ///
    /// The rule that `text` breaks. Length is judged first, so that the work is bounded whatever comes in.
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

    /// A username as a store returns it: what [`as_str`](Self::as_str) and [`typed`](Self::typed) gave when it was
    /// written. The rules of [`parse`](Self::parse) are not applied again, so that a name outlives a rule that changes.
    ///
    /// # Errors
    ///
    /// [`UsernameError::Stored`] for an empty form, a control character, or more than
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

    /// The canonical form: NFC, case as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// What was typed, character by character.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The form by which two usernames are one, by rule 1: ASCII letters in lower case, everything else as it is.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        let key: Arc<str> = if self.canonical.bytes().any(|b| b.is_ascii_uppercase()) {
            Arc::from(fold_ascii(&self.canonical))
        } else {
            Arc::clone(&self.canonical)
        };
        ClaimKey::new(ClaimKind::Username, Self::CLAIM_RULE, key)
    }

    /// Whether the name could be taken for an e-mail address or a phone number: it holds an `@`, or is a `+` or `tel:`
    /// with digits, or at least six digits with separators between them. Digits of any script and full-width forms
    /// count. Such a name is an administrator's to give, or one person could sit on another's address.
    ///
    /// ```
    /// use identity_core::address::Username;
    ///
    /// for (name, taken) in [("ada@example.com", true), ("+44", true), ("015-1496.0453", true), ("r2d2", false), ("12345", false)] {
    ///     assert_eq!(Username::parse(name)?.looks_like_address(), taken);
    /// }
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
        // A `+` marks a number wherever the leading separators put it: `(+44)...`.
        let start = number.trim_start_matches(is_separator);
        let (rest, fewest) = start.strip_prefix('+').map_or((start, fewest), |rest| (rest, 1));
        let digits = rest.chars().filter(|c| is_digit(*c)).count();
        digits >= fewest && rest.chars().all(|c| is_digit(c) || is_separator(c))
    }

    /// What is suspicious about the scripts of the name (UTS 39).
    #[must_use]
    pub fn script_flags(&self) -> ScriptFlags {
        ScriptFlags::of(&self.canonical)
    }

    /// Whether the name mixes scripts or may be taken for an ASCII one: shorthand for
    /// [`script_flags`](Self::script_flags)`().any()`.
    #[must_use]
    pub fn is_confusable(&self) -> bool {
        self.script_flags().any()
    }

    /// The confusable [`skeleton`] of the name: equal for names that look alike.
    #[must_use]
    pub fn skeleton(&self) -> String {
        skeleton(&self.canonical)
    }
}

fn is_digit(c: char) -> bool {
    use super::confusable_chars::category;
    c.is_ascii_digit() || (!c.is_ascii() && category(c) == icu_properties::props::GeneralCategory::DecimalNumber)
}

/// What people put between the digits of a phone number, after NFKC: dashes of all lengths among them.
const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '/' | '_' | '~' | '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}')
}

impl PartialEq for Username {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Username {}

impl Hash for Username {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl PartialOrd for Username {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Username {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

/// The canonical form.
impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.canonical)
    }
}

/// Masked: `a***`.
impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::mask::masked(&self.canonical))
    }
}

impl AsRef<str> for Username {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The canonical form as a string.
impl Serialize for Username {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.canonical)
    }
}

/// From a string, through [`Username::parse`]; a list or a map is an error.
impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

struct Text;

impl de::Visitor<'_> for Text {
    type Value = Username;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one username as a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Username, E> {
        Username::parse(text).map_err(E::custom)
    }
}
