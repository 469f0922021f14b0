//! The texts of errors, in English and German.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use identity::Channel;

/// A language of error texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, the default.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// The language that a caller likes best, by `Accept-Language` (RFC 9110, 12.5.4). Of two that are liked as much the first
    /// one counts.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let ranges = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let mut best = (0, Self::default());
        for range in ranges.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" | "*" => Self::English,
                "de" => Self::German,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// A quality value from 0 to 1 with at most three decimals; `None` for anything else.
fn thousandths(weight: &str) -> u16 {
    let weight = weight.trim().parse::<f32>().unwrap_or_default();
    // Saturating: not a number becomes 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000")]
    let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0) as u16;
    thousandths
}

/// The texts of errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// The address is empty.
    Empty(Channel),
    /// The address is malformed.
    Invalid(Channel),
    /// The user has no such address.
    NotFound(Channel),
    /// The address that is set is the one that is there.
    NotChanged(Channel),
    /// The address is verified already.
    AlreadyVerified(Channel),
    /// A restriction of the tenant refuses the address.
    Restricted(Channel),
    /// The address belongs to another user.
    Taken(Channel),
    /// The address cannot be used; the reason is not disclosed.
    Unavailable(Channel),
    /// The template of the link is malformed.
    UrlTemplate,
    /// The code is wrong or expired, or none is outstanding.
    CodeInvalid,
    /// No code is outstanding.
    CodeEmpty,
    /// There were too many wrong codes; the caller may try again later.
    TooManyTries,
    /// There were too many wrong codes; only an administrator can unlock the address.
    Locked,
    /// A code was sent a short time ago.
    TooSoon,
    /// Other calls changed the user at the same time, repeatedly.
    Contended,
    /// The caller has no permission.
    NoPermission,
    /// The header `Authorization` is missing.
    AuthMissing,
    /// The header `Authorization` is not `Bearer` and a token.
    AuthInvalid,
    /// The token is unknown.
    TokenInvalid,
    /// There is no such user; the text of `GetUserByID`.
    UserNotFound,
    /// The id or the username is in use.
    UserExists,
    /// The user is disabled.
    Disabled,
    /// The user id is malformed.
    UserIdInvalid,
    /// The username is malformed.
    UsernameInvalid,
    /// The request carries data that this host does not keep.
    NotKept,
    /// The user's address book is full.
    TooManyAddresses,
    /// The token has too many requests under way.
    Busy,
    /// The store does not answer.
    StoreAway,
    /// Something failed here.
    Internal,
    /// A fixed text, the same in every language.
    Verbatim(Cow<'static, str>),
}

impl Text {
    /// The text in a language.
    #[must_use]
    pub fn say(&self, language: Language) -> Cow<'static, str> {
        let said = match language {
            Language::English => self.english(),
            Language::German => self.german(),
        };
        match self {
            Self::Verbatim(text) => text.clone(),
            _ => Cow::Borrowed(said),
        }
    }

    const fn english(&self) -> &'static str {
        use Channel::{Email, Phone};
        match self {
            Self::Empty(Email) => "Email is empty",
            Self::Empty(Phone) => "Phone is empty",
            Self::Invalid(Email) => "Email is invalid",
            Self::Invalid(Phone) => "Phone is invalid",
            Self::NotFound(Email) => "Email not found",
            Self::NotFound(Phone) => "Phone not found",
            Self::NotChanged(Email) => "Email not changed",
            Self::NotChanged(Phone) => "Phone not changed",
            Self::AlreadyVerified(Email) => "Email is already verified",
            Self::AlreadyVerified(Phone) => "Phone is already verified",
            Self::Restricted(Email) => "Email is not allowed here",
            Self::Restricted(Phone) => "Phone is not allowed here",
            Self::Taken(Email) => "Email belongs to another user",
            Self::Taken(Phone) => "Phone belongs to another user",
            Self::Unavailable(Email) => "Email cannot be used here",
            Self::Unavailable(Phone) => "Phone cannot be used here",
            Self::UrlTemplate => "URL Template is invalid",
            Self::CodeInvalid => "Code is invalid",
            Self::CodeEmpty => "Code is empty",
            Self::TooManyTries => "Too many wrong codes, try again later",
            Self::Locked => "Too many wrong codes, only an administrator can help",
            Self::TooSoon => "A code was sent a short time ago, try again later",
            Self::Contended => "The user is being changed by too many at once, try again",
            Self::NoPermission => "No matching permissions found",
            Self::AuthMissing => "auth header missing",
            Self::AuthInvalid => "invalid auth header",
            Self::TokenInvalid => "Token is invalid",
            Self::UserNotFound => "User could not be found",
            Self::UserExists => "User already exists",
            Self::Disabled => "User is inactive",
            Self::UserIdInvalid => "User ID is invalid",
            Self::UsernameInvalid => "Username is invalid",
            Self::NotKept => "Passwords, identity provider links, TOTP secrets and metadata are not kept here",
            Self::TooManyAddresses => "The user has as many addresses as can be, removed ones counted",
            Self::Busy => "Too many requests of this token are under way, send fewer at once",
            Self::StoreAway => "The store does not answer, try again in a moment",
            Self::Internal => "Something failed here, try again later",
            Self::Verbatim(_) => "",
        }
    }

    const fn german(&self) -> &'static str {
        use Channel::{Email, Phone};
        match self {
            Self::Empty(Email) => "E-Mail ist leer",
            Self::Empty(Phone) => "Telefonnummer ist leer",
            Self::Invalid(Email) => "E-Mail ist ungültig",
            Self::Invalid(Phone) => "Telefonnummer ist ungültig",
            Self::NotFound(Email) => "E-Mail nicht gefunden",
            Self::NotFound(Phone) => "Telefonnummer nicht gefunden",
            Self::NotChanged(Email) => "E-Mail wurde nicht geändert",
            Self::NotChanged(Phone) => "Telefonnummer wurde nicht geändert",
            Self::AlreadyVerified(Email) => "E-Mail ist schon bestätigt",
            Self::AlreadyVerified(Phone) => "Telefonnummer ist schon bestätigt",
            Self::Restricted(Email) => "E-Mail ist hier nicht erlaubt",
            Self::Restricted(Phone) => "Telefonnummer ist hier nicht erlaubt",
            Self::Taken(Email) => "E-Mail gehört einem anderen Benutzer",
            Self::Taken(Phone) => "Telefonnummer gehört einem anderen Benutzer",
            Self::Unavailable(Email) => "E-Mail kann hier nicht verwendet werden",
            Self::Unavailable(Phone) => "Telefonnummer kann hier nicht verwendet werden",
            Self::UrlTemplate => "URL-Vorlage ist ungültig",
            Self::CodeInvalid => "Code ist ungültig",
            Self::CodeEmpty => "Code ist leer",
            Self::TooManyTries => "Zu viele falsche Codes, bitte später noch einmal versuchen",
            Self::Locked => "Zu viele falsche Codes, nur ein Administrator kann helfen",
            Self::TooSoon => "Gerade eben wurde ein Code verschickt, bitte später noch einmal versuchen",
            Self::Contended => "Zu viele ändern den Benutzer zugleich, bitte noch einmal versuchen",
            Self::NoPermission => "Keine passenden Berechtigungen gefunden",
            Self::AuthMissing => "Authorization-Header fehlt",
            Self::AuthInvalid => "Authorization-Header ist ungültig",
            Self::TokenInvalid => "Token ist ungültig",
            Self::UserNotFound => "Benutzer konnte nicht gefunden werden",
            Self::UserExists => "Benutzer existiert bereits",
            Self::Disabled => "Benutzer ist deaktiviert",
            Self::UserIdInvalid => "Benutzer-ID ist ungültig",
            Self::UsernameInvalid => "Benutzername ist ungültig",
            Self::NotKept => "Passwörter, Verknüpfungen, TOTP-Geheimnisse und Metadaten werden hier nicht aufbewahrt",
            Self::TooManyAddresses => "Der Benutzer hat so viele Adressen wie möglich, entfernte mitgezählt",
            Self::Busy => "Zu viele Anfragen mit diesem Token sind unterwegs, bitte weniger gleichzeitig senden",
            Self::StoreAway => "Der Speicher antwortet nicht, bitte gleich noch einmal versuchen",
            Self::Internal => "Hier ist etwas fehlgeschlagen, bitte später noch einmal versuchen",
            Self::Verbatim(_) => "",
        }
    }
}
