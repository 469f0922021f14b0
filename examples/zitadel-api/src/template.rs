//! Templates of links: a URL with `{{.UserID}}`, `{{.Code}}` and `{{.OrgID}}` in it, as Go's templates write fields.

use std::fmt::Write as _;
use std::sync::Arc;

use url::Url;

/// A template that was checked: what it renders is an `http` or `https` URL whose origin no field can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    text: Arc<str>,
    origin: LinkOrigin,
}

/// The origin of a link: scheme (`https` or `http`), host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOrigin(url::Origin);

/// A text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin; write scheme and host, with a port where it is not the scheme's own: https://app.example.com")]
pub struct LinkOriginError;

/// The values of the fields of a template.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// The user's id.
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
    /// Checks a template: it begins with an origin, names no other fields than the three, and is a URL of RFC 3986 in ASCII
    /// outside of them (internationalized names in their `xn--` form, other characters percent-encoded). `None` when it is none.
    ///
    /// ```
    /// use zitadel_api::{Fields, UrlTemplate};
    ///
    /// let template = UrlTemplate::parse("https://example.com/verify?user={{.UserID}}&code={{ .Code }}&org={{.OrgID}}").unwrap();
    /// let link = template.render(&Fields { user_id: "a&b", code: "123456", org_id: "shop" });
    /// assert_eq!(link, "https://example.com/verify?user=a%26b&code=123456&org=shop");
    /// assert!(UrlTemplate::parse("https://example.com/{{.Password}}").is_none());
    /// assert!(UrlTemplate::parse("https://{{.UserID}}.example.com/").is_none());
    /// assert!(UrlTemplate::parse("javascript:alert({{.Code}})").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pieces = pieces(text)?;
        let Some(Piece::Text(start)) = pieces.first() else { return None };
        // A field in the place of the host or port would let whoever names the user name the origin.
        let end = authority_end(start).or_else(|| (pieces.len() == 1).then_some(start.len()))?;
        let origin = LinkOrigin::parse(start.get(..end)?).ok()?;
        let clean = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => is_of_a_url(text),
            _ => true,
        };
        pieces.iter().all(clean).then(|| Self { text: text.into(), origin })
    }

    /// The template as it was written.
    #[must_use]
    pub const fn as_str(&self) -> &Arc<str> {
        &self.text
    }

    /// The origin of its links, whatever the fields are.
    #[must_use]
    pub const fn origin(&self) -> &LinkOrigin {
        &self.origin
    }

    /// The link. Fields are percent-encoded as far as they are not unreserved (RFC 3986, 2.3).
    #[must_use]
    pub fn render(&self, fields: &Fields<'_>) -> String {
        let mut url = String::with_capacity(self.text.len() + 64);
        for piece in pieces(&self.text).unwrap_or_default() {
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

impl LinkOrigin {
    /// Reads an origin such as `https://app.example.com` or `http://localhost:3000`, and nothing more than that. The host is
    /// written as it is looked up, apart from ASCII case: what a browser would first decode or map to another name is refused.
    ///
    /// # Errors
    /// [`LinkOriginError`] for anything else.
    ///
    /// ```
    /// use zitadel_api::LinkOrigin;
    ///
    /// assert_eq!(LinkOrigin::parse("https://App.example.com:443"), LinkOrigin::parse("https://app.example.com"));
    /// assert_ne!(LinkOrigin::parse("http://app.example.com"), LinkOrigin::parse("https://app.example.com"));
    /// assert!(LinkOrigin::parse("https://app.example.com/path").is_err());
    /// assert!(LinkOrigin::parse("https://%61pp.example.com").is_err());
    /// assert!(LinkOrigin::parse("https://app.example.com:99999").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, LinkOriginError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(LinkOriginError)?;
        let url = Url::parse(text).map_err(|_| LinkOriginError)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let written = rest.to_ascii_lowercase();
        let same = written == host || written == format!("{host}:{port}");
        let empty_label = host.trim_end_matches('.').split('.').any(str::is_empty);
        if same && !empty_label { Ok(Self(url.origin())) } else { Err(LinkOriginError) }
    }
}

/// Where the origin of a URL ends; `None` when nothing follows it.
fn authority_end(url: &str) -> Option<usize> {
    let begin = url.find("://")? + 3;
    url.get(begin..)?.find(['/', '?', '#']).map(|length| begin + length)
}

/// Whether a text has only the characters of RFC 3986: unreserved, reserved, and `%` before two hexadecimal digits.
fn is_of_a_url(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let encoded = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    text.bytes().all(allowed) && text.split('%').skip(1).all(encoded)
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
