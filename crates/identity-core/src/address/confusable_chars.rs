use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;

use crate::base::codes;

/// The reason why a character is not allowed in an e-mail address or a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CharacterError {
    /// White space, or a line or paragraph separator, at either end or inside.
    #[error("remove the white space")]
    WhiteSpace,
    /// A control character, such as CR, LF, NUL or one of the C1 set.
    #[error("remove the control characters")]
    Control,
    /// A character that does not show: a bidirectional control, or a zero-width or other default-ignorable character.
    #[error("remove the invisible characters")]
    Invisible,
    /// A private-use or unassigned code point, a noncharacter, or the replacement character that a lossy conversion
    /// leaves.
    #[error("remove the characters that have no agreed meaning")]
    Unassigned,
    /// A character that normalisation turns into an ASCII character, such as the Kelvin sign.
    #[error("type the ASCII letters and signs in their ordinary form")]
    AsciiTwin,
    /// A combining mark that follows no letter.
    #[error("remove the accent that stands without a letter")]
    LeadingMark,
}

codes!(CharacterError {
    Self::WhiteSpace => "character_white_space",
    Self::Control => "character_control",
    Self::Invisible => "character_invisible",
    Self::Unassigned => "character_unassigned",
    Self::AsciiTwin => "character_ascii_twin",
    Self::LeadingMark => "character_leading_mark",
});

/// The general category of `c`, from the same tables that `idna` uses.
pub(super) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Whether `c` is a combining mark.
pub(super) fn is_mark(c: char) -> bool {
    use GeneralCategory as G;
    matches!(category(c), G::NonspacingMark | G::SpacingMark | G::EnclosingMark)
}

/// Whether `c` does not show: a bidirectional control, or a zero-width or other default-ignorable character.
pub(crate) fn is_invisible(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Refuses the characters that no identifier may contain. Among ASCII characters these are controls and white space.
pub(super) fn screen(text: &str) -> Result<(), CharacterError> {
    text.chars().try_for_each(screen_char)
}

fn screen_char(c: char) -> Result<(), CharacterError> {
    use GeneralCategory as G;
    if c.is_ascii() {
        return match c {
            '\t' | '\n' | '\r' | ' ' => Err(CharacterError::WhiteSpace),
            _ if c.is_ascii_control() => Err(CharacterError::Control),
            _ => Ok(()),
        };
    }
    match category(c) {
        G::SpaceSeparator | G::LineSeparator | G::ParagraphSeparator => return Err(CharacterError::WhiteSpace),
        G::Control => return Err(CharacterError::Control),
        G::Format => return Err(CharacterError::Invisible),
        _ => {}
    }
    // The Braille blank is a symbol by category and looks like a space.
    if c == '\u{2800}' || is_invisible(c) {
        return Err(CharacterError::Invisible);
    }
    // The normalisation of unassigned code points is not settled, so a key that contains one could change.
    if matches!(category(c), G::PrivateUse | G::Unassigned | G::Surrogate) || matches!(c, '\u{FFFC}' | '\u{FFFD}') {
        return Err(CharacterError::Unassigned);
    }
    // Three characters are canonically equivalent to ASCII characters (U+037E, U+1FEF, U+212A). NFC would turn one
    // person's address into another's.
    if std::iter::once(c).nfc().all(|n| n.is_ascii()) {
        return Err(CharacterError::AsciiTwin);
    }
    Ok(())
}

/// The text in NFC; borrowed when it already is.
pub(super) fn nfc(text: &str) -> std::borrow::Cow<'_, str> {
    if text.is_ascii() || unicode_normalization::is_nfc(text) {
        text.into()
    } else {
        text.nfc().collect::<String>().into()
    }
}

/// The form that claim keys of rule 1 use: ASCII letters in lower case, all others as they are. The result is
/// normalised to NFC once more, because a small letter may compose with the mark after it where its capital does not
/// (`t` and U+0308 become U+1E97, `T` and U+0308 stay two characters).
pub(super) fn fold_ascii(nfc_text: &str) -> String {
    let folded = nfc_text.to_ascii_lowercase();
    if folded.is_ascii() { folded } else { nfc(&folded).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ascii_character_but_controls_and_space_passes_the_screen() {
        for c in (0_u8..128).map(char::from) {
            assert_eq!(screen_char(c).is_ok(), c.is_ascii_graphic(), "{:?}", c);
        }
    }

    #[test]
    fn each_reason_is_named() {
        for (c, reason) in [
            ('\u{00A0}', CharacterError::WhiteSpace),
            ('\u{2028}', CharacterError::WhiteSpace),
            ('\u{0085}', CharacterError::Control),
            ('\u{202E}', CharacterError::Invisible),
            ('\u{2067}', CharacterError::Invisible),
            ('\u{200D}', CharacterError::Invisible),
            ('\u{FEFF}', CharacterError::Invisible),
            ('\u{FE0F}', CharacterError::Invisible),
            ('\u{115F}', CharacterError::Invisible),
            ('\u{E0041}', CharacterError::Invisible),
            ('\u{2800}', CharacterError::Invisible),
            ('\u{E000}', CharacterError::Unassigned),
            ('\u{FDEF}', CharacterError::Unassigned),
            ('\u{0378}', CharacterError::Unassigned),
            ('\u{FFFD}', CharacterError::Unassigned),
            ('\u{212A}', CharacterError::AsciiTwin),
            ('\u{037E}', CharacterError::AsciiTwin),
            ('\u{1FEF}', CharacterError::AsciiTwin),
        ] {
            assert_eq!(screen_char(c), Err(reason), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn exactly_three_characters_are_canonically_ascii() {
        let twins: Vec<char> =
            ('\u{80}'..=char::MAX).filter(|&c| screen_char(c) == Err(CharacterError::AsciiTwin)).collect();
        assert_eq!(twins, ['\u{037E}', '\u{1FEF}', '\u{212A}']);
    }

    #[test]
    fn folding_is_idempotent_where_a_small_letter_composes_and_its_capital_does_not() {
        for text in ["T\u{308}", "J\u{30C}", "H\u{331}", "W\u{30A}"] {
            let key = fold_ascii(&nfc(text));
            assert_eq!(fold_ascii(&nfc(&key)), key);
            assert_eq!(nfc(&key), key);
        }
    }
}
