//! Templates of links: a URL with `{{.UserID}}`, `{{.Code}}` and `{{.OrgID}}` in it, as Go's templates write fields.

use std::fmt::Write as _;
use std::sync::Arc;

/// A template that was checked: what it renders is an `http` or `https` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate(Arc<str>);

/// What is put into a template.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// Whose address it is.
    pub user_id: &'a str,
    /// The code.
    pub code: &'a str,
    /// The tenant.
    pub org_id: &'a str,
}

enum Piece<'a> {
    Text(&'a str),
    UserId,
    Code,
    OrgId,
}

impl UrlTemplate {
    /// Checks a template: it begins with `https://` or `http://` and a host of its own, names no other fields, and has no white
    /// space or control character outside of them. `None` when it is none.
    ///
    /// ```
    /// use zitadel_api::{Fields, UrlTemplate};
    ///
    /// let template = UrlTemplate::parse("https://example.com/verify?user={{.UserID}}&code={{ .Code }}&org={{.OrgID}}").unwrap();
    /// let link = template.render(&Fields { user_id: "a&b", code: "123456", org_id: "shop" });
    /// assert_eq!(link, "https://example.com/verify?user=a%26b&code=123456&org=shop");
    /// assert!(UrlTemplate::parse("https://example.com/{{.Password}}").is_none());
    /// assert!(UrlTemplate::parse("javascript:alert({{.Code}})").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pieces = pieces(text)?;
        let Some(Piece::Text(start)) = pieces.first() else { return None };
        let rest = start.strip_prefix("https://").or_else(|| start.strip_prefix("http://"))?;
        // A field in the place of the host would let whoever names the user name the host.
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let ends = host.len() < rest.len() || pieces.len() == 1;
        if host.is_empty() || !ends || host.contains('@') {
            return None;
        }
        let clean = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\'),
            _ => true,
        };
        pieces.iter().all(clean).then(|| Self(text.into()))
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &Arc<str> {
        &self.0
    }

    /// The link. Fields are percent-encoded as far as they are not unreserved (RFC 3986, 2.3).
    #[must_use]
    pub fn render(&self, fields: &Fields<'_>) -> String {
        let mut url = String::with_capacity(self.0.len() + 64);
        for piece in pieces(&self.0).unwrap_or_default() {
            match piece {
                Piece::Text(text) => url.push_str(text),
                Piece::UserId => encode(fields.user_id, &mut url),
                Piece::Code => encode(fields.code, &mut url),
                Piece::OrgId => encode(fields.org_id, &mut url),
            }
        }
        url
    }
}

fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, field)) = rest.split_once("{{") {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let (field, after) = field.split_once("}}")?;
        pieces.push(match field.trim() {
            ".UserID" => Piece::UserId,
            ".Code" => Piece::Code,
            ".OrgID" => Piece::OrgId,
            _ => return None,
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Some(pieces)
}

fn encode(field: &str, url: &mut String) {
    for byte in field.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
