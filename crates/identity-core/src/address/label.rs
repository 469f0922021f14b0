use std::sync::Arc;

use super::confusable_chars::{CharacterError, nfc, screen};
use super::masked;
use crate::base::{codes, text_value};

/// The reason why a text is not a [`Label`]. It never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// There is nothing to read in the text.
    #[error("enter a label")]
    Empty,
    /// The text has more than 40 characters.
    #[error("use a label of at most 40 characters")]
    TooLong,
    /// There is a character that no label may contain.
    #[error(transparent)]
    Character(#[from] CharacterError),
}

codes!(LabelError {
    Self::Empty => "label_empty",
    Self::TooLong => "label_too_long",
} {
    Self::Character(error) => error.code(),
});

/// What a person calls an address of theirs, such as "Work". Only the person and administrators see it, and nothing is decided
/// by it.
///
/// A label has 1 to 40 characters (Unicode scalar values) of any script, in NFC. White space around it is left out, and white
/// space inside becomes one space each. Line breaks and other control characters, bidirectional controls, and private-use and
/// unassigned code points are refused. The joiners and variation selectors that scripts and emoji need are allowed.
///
/// What has been accepted once is read with the user from then on, so a later rule refuses nothing that this one accepts.
///
/// ```
/// use identity_core::address::Label;
/// assert_eq!(Label::parse("  My  work ")?.as_str(), "My work");
/// assert!(Label::parse("krow\u{202e}").is_err_and(|error| error.code() == "character_invisible"));
/// # Ok::<(), identity_core::address::LabelError>(())
/// ```
#[derive(Clone)]
pub struct Label(Arc<str>);

impl Label {
    /// The maximum length: 40 characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 40;
    /// The maximum length of the input: 480 octets. It is longer than a label can be, because normalisation can shorten it.
    pub const MAX_INPUT_OCTETS: usize = 3 * 4 * Self::MAX_CHARS;

    /// Parses a label as a person types it. Length is checked first, so that the work is bounded for any input.
    ///
    /// # Errors
    /// The [`LabelError`] that names the rule that `text` breaks; when it breaks several, one of them.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let text = text.trim();
        if text.len() > Self::MAX_INPUT_OCTETS {
            return Err(LabelError::TooLong);
        }
        let words = text.split(|c: char| c.is_whitespace() && !c.is_control()).filter(|word| !word.is_empty());
        let text = nfc(&words.collect::<Vec<_>>().join(" ")).into_owned();
        let seen = || text.split(|c| c == ' ' || is_joiner(c)).filter(|part| !part.is_empty());
        seen().try_for_each(screen)?;
        if seen().next().is_none() {
            return Err(LabelError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(LabelError::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The zero-width joiner and non-joiner, and the selectors of text and emoji forms: they do not show, and what they stand between
/// shows otherwise without them.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE0E}' | '\u{FE0F}')
}

text_value!(Label, LabelError, "one label as a string", masked);
