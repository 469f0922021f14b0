use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// API keys or access tokens, each with its holder. They are kept as digests, never printed, and compared in constant time.
///
/// ```
/// use host_kit::Tokens;
///
/// let tokens: Tokens<&str> = [("s3cret", "ops"), ("an0ther", "board")].into_iter().collect();
/// assert_eq!(tokens.holder("s3cret", |_| true), Some(&"ops"));
/// assert_eq!(tokens.holder("s3cret", |holder| *holder != "ops"), None);
/// assert_eq!(tokens.holder("s3cret ", |_| true), None);
/// assert_eq!(format!("{tokens:?}"), r#"["ops", "board"]"#);
/// ```
#[derive(Clone)]
pub struct Tokens<H>(Vec<([u8; 32], H)>);

impl<H> Tokens<H> {
    /// The entries of a setting: separated by commas or white space, line breaks included.
    pub fn entries(text: &str) -> impl Iterator<Item = &str> {
        text.split([',', ' ', '\t', '\n', '\r']).filter(|entry| !entry.is_empty())
    }

    /// Whether the list is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The holder of this secret, if `good` accepts it. Every secret is compared, each in constant time, so that the duration
    /// discloses nothing (digests have one length, whatever was sent).
    #[must_use]
    pub fn holder(&self, sent: &str, good: impl Fn(&H) -> bool) -> Option<&H> {
        let digest = digest(sent);
        let mut found = None;
        for (own, holder) in &self.0 {
            let same = bool::from(digest.ct_eq(own));
            if same && good(holder) {
                found = Some(holder);
            }
        }
        found
    }
}

impl<'a, H> FromIterator<(&'a str, H)> for Tokens<H> {
    fn from_iter<I: IntoIterator<Item = (&'a str, H)>>(secrets: I) -> Self {
        Self(secrets.into_iter().map(|(secret, holder)| (digest(secret), holder)).collect())
    }
}

/// Prints the holders alone.
impl<H: fmt::Debug> fmt::Debug for Tokens<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(_, holder)| holder)).finish()
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn c64_every_secret_is_compared_in_constant_time() {
        for (source, function, end) in [
            (include_str!("tokens.rs"), "pub fn holder(", "\n    }\n"),
            (include_str!("../../messages/src/app.rs"), "async fn authenticated(", "\n}\n"),
        ] {
            let (_, body) = source.split_once(function).unwrap();
            let (body, _) = body.split_once(end).unwrap();
            let (before, _) = body.split_once(".ct_eq(").expect("a comparison in constant time");
            for shortcut in ["return", "break", "?;", " == ", " != "] {
                assert!(!before.contains(shortcut), "{function} may leave before it compares: {shortcut}");
            }
            assert!(!body.contains("break") && !body.contains(" == "), "{function} compares by other means too");
        }
    }
}
