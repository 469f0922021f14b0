//! The length of text messages (3GPP TS 23.038, 6.2.1).

/// The letters of the default alphabet, one septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
                     ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The letters behind an escape, two septets each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The encoding of a text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The default alphabet of 7 bits: 160 septets a message.
    Gsm7,
    /// UTF-16, for all other letters: 70 units a message.
    Ucs2,
}

/// The length of a text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The encoding.
    pub encoding: Encoding,
    /// Septets, escapes counted, or UTF-16 units.
    pub units: usize,
}

impl Room {
    /// Measures a text. One letter outside the default alphabet makes the whole text UCS-2.
    ///
    /// ```
    /// use identity_texts::{Encoding, Room};
    /// assert_eq!(Room::of("10 € [net]"), Room { encoding: Encoding::Gsm7, units: 13 });
    /// assert_eq!(Room::of("確認"), Room { encoding: Encoding::Ucs2, units: 2 });
    /// ```
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.chars().map(septets).sum::<Option<usize>>() {
            Some(units) => Self { encoding: Encoding::Gsm7, units },
            None => Self { encoding: Encoding::Ucs2, units: text.encode_utf16().count() },
        }
    }

    /// How much there is in one message, or in each part of one that is too long.
    const fn limits(self) -> (usize, usize) {
        match self.encoding {
            Encoding::Gsm7 => (160, 153),
            Encoding::Ucs2 => (70, 67),
        }
    }

    /// How much there is in this many messages.
    pub(crate) const fn limit(self, segments: usize) -> usize {
        let (alone, part) = self.limits();
        if segments <= 1 { alone } else { segments * part }
    }

    /// The number of parts that are sent and paid.
    #[must_use]
    pub const fn segments(self) -> usize {
        let (alone, part) = self.limits();
        if self.units <= alone { 1 } else { self.units.div_ceil(part) }
    }
}

/// Septets of a letter; `None` when the default alphabet does not have it.
pub(crate) fn septets(letter: char) -> Option<usize> {
    if BASIC.contains(letter) { Some(1) } else { EXTENSION.contains(letter).then_some(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_has_128_places_less_the_escape() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    #[test]
    fn a_message_that_is_too_long_is_sent_in_parts_with_headers() {
        for (text, segments) in [("a".repeat(160), 1), ("a".repeat(161), 2), ("a".repeat(307), 3), ("あ".repeat(70), 1)]
        {
            assert_eq!(Room::of(&text).segments(), segments, "{}", text.len());
        }
        assert_eq!(Room::of(&"あ".repeat(71)).segments(), 2);
        assert_eq!(Room::of(&"€".repeat(81)).segments(), 2, "an escape is counted");
        assert_eq!(Room::of(&"😀".repeat(36)).segments(), 2, "a surrogate pair is two units");
    }
}
