use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;

/// The suspicious properties of the scripts in a text (UTS 39). A flag is a reason to look closer and never a reason to
/// treat two texts as one: a flagged address has a claim key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct ScriptFlags {
    /// The text mixes scripts that no writing system mixes (UTS 39 section 5.1), such as a Cyrillic letter in a Latin
    /// word. Latin beside Han, kana, Bopomofo or Hangul is not flagged (section 5.2, level "highly restrictive").
    pub mixed_script: bool,
    /// The text is not ASCII, but its [`skeleton`] is, so it may be mistaken for an ASCII text.
    pub ascii_lookalike: bool,
}

impl ScriptFlags {
    /// The flags of one text: a local part, a single label of a domain, or a username.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self::default();
        }
        Self { mixed_script: is_mixed(text), ascii_lookalike: skeleton(text).is_ascii() }
    }

    /// Whether any flag is set.
    #[must_use]
    pub const fn any(self) -> bool {
        self.mixed_script || self.ascii_lookalike
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            mixed_script: self.mixed_script || other.mixed_script,
            ascii_lookalike: self.ascii_lookalike || other.ascii_lookalike,
        }
    }
}

/// The confusable skeleton of a text (UTS 39 section 4): texts that look alike have the same skeleton.
///
/// Skeletons are for comparison only. They must not be shown, sent or stored as addresses: they change with every
/// version of Unicode, and even an ASCII text can differ from its skeleton (`m` becomes `rn`).
///
/// ```
/// use identity_core::address::skeleton;
///
/// assert_eq!(skeleton("p\u{430}ypal"), skeleton("paypal")); // U+0430 is a Cyrillic letter
/// ```
#[must_use]
pub fn skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

fn is_mixed(text: &str) -> bool {
    if !AugmentedScriptSet::for_str(text).is_empty() {
        return false;
    }
    let mut rest = AugmentedScriptSet::default();
    for set in text.chars().map(AugmentedScriptSet::for_char) {
        if !set.base.contains_script(Script::Latin) {
            rest.intersect_with(set);
        }
    }
    !(rest.hanb || rest.jpan || rest.kore)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c31_scripts_of_one_writing_system_are_not_flagged() {
        for text in
            ["paypal", "юзер", "m端ller", "甲斐黒川日本", "お名前test", "ñoñó", "राम", "홍길동kim", "straße", "a1-b_c"]
        {
            assert!(!ScriptFlags::of(text).any(), "{text}");
        }
    }

    #[test]
    fn c31_mixed_scripts_are_flagged() {
        for text in ["p\u{430}ypal", "αdmin", "юзерx", "日本и"] {
            assert!(ScriptFlags::of(text).mixed_script, "{text}");
        }
    }

    #[test]
    fn c31_a_word_of_one_foreign_script_that_reads_as_ascii_is_flagged() {
        let flags = ScriptFlags::of("\u{440}\u{430}\u{443}\u{440}\u{430}\u{4CF}");
        assert!(flags.ascii_lookalike && !flags.mixed_script);
    }
}
