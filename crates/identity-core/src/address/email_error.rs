use super::CharacterError;
use crate::base::codes;

/// The reason why a text is not an [`Email`](super::Email).
///
/// No variant and no message contains the text, because an address that was refused may still belong to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// The text is empty.
    #[error("enter an e-mail address")]
    Empty,
    /// The canonical form has more than 254 octets (RFC 5321 section 4.5.3.1.3), or the text has more than
    /// [`Email::MAX_INPUT_OCTETS`](super::Email::MAX_INPUT_OCTETS).
    #[error("use an e-mail address of at most 254 octets")]
    TooLong,
    /// There is no `@`.
    #[error("write the address as name@domain: the @ is missing")]
    MissingAt,
    /// There is more than one `@`.
    #[error("enter a single address: there is more than one @")]
    SeveralAts,
    /// There is a quoted local part (RFC 5321 `Quoted-string`) or a stray quotation mark.
    #[error("enter the address without quotation marks")]
    Quoted,
    /// There are angle brackets, as around an address with a display name or a route (RFC 5322 `name-addr`).
    #[error("enter the address alone, without a display name or angle brackets")]
    DisplayName,
    /// There is a comment (RFC 5322 section 3.2.2).
    #[error("enter the address without comments or parentheses")]
    Comment,
    /// There is an address literal such as `[192.0.2.1]` (RFC 5321 section 4.1.3) or a stray bracket.
    #[error("use a domain name, not an address in brackets")]
    AddressLiteral,
    /// There is a character that no identifier may contain.
    #[error(transparent)]
    Character(#[from] CharacterError),
    /// The part before the `@` is empty or not a `Dot-string` (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
    #[error("correct the part before the @: it must be words joined by single dots")]
    LocalPart,
    /// The part before the `@` has more than 64 octets in NFC (RFC 5321 section 4.5.3.1.1).
    #[error("use an address with at most 64 octets before the @")]
    LocalPartTooLong,
    /// The domain has an empty label, a character that is not a letter, digit or hyphen, or a misplaced hyphen.
    #[error("correct the domain: it must be labels of letters, digits and inner hyphens, joined by single dots")]
    Domain,
    /// The domain has more than 253 octets as A-labels (RFC 1035 section 2.3.4: 255 on the wire).
    #[error("use a domain of at most 253 octets")]
    DomainTooLong,
    /// A label of the domain has more than 63 octets as A-label (RFC 1035 section 2.3.4).
    #[error("use a domain whose labels have at most 63 octets each")]
    LabelTooLong,
    /// The domain has a single label.
    #[error("use a complete domain, such as example.com")]
    SingleLabel,
    /// The last label is a number, as in an IPv4 address (RFC 3696 section 2).
    #[error("use a domain name whose last label is not a number")]
    NumericTopLevel,
    /// The domain is not a valid internationalised name (UTS 46, RFC 5892): a character is not permitted or would turn
    /// into a letter, or an `xn--` label stands for no name.
    #[error("correct the domain: it is not a valid internationalised domain name")]
    InternationalDomain,
    /// The domain contains a character that would be read as ASCII, such as a full-width letter or dot.
    #[error("type the domain's Latin letters, digits, hyphens and dots in their ordinary form")]
    DomainAsciiTwin,
    /// A store returned a text that is not an address which this library writes.
    #[error("the stored e-mail address is not one that this library writes: restore it from a backup")]
    Stored,
}

codes!(EmailError {
    Self::Empty => "email_empty",
    Self::TooLong => "email_too_long",
    Self::MissingAt => "email_missing_at",
    Self::SeveralAts => "email_several_ats",
    Self::Quoted => "email_quoted",
    Self::DisplayName => "email_display_name",
    Self::Comment => "email_comment",
    Self::AddressLiteral => "email_address_literal",
    Self::LocalPart => "email_local_part",
    Self::LocalPartTooLong => "email_local_part_too_long",
    Self::Domain => "email_domain",
    Self::DomainTooLong => "email_domain_too_long",
    Self::LabelTooLong => "email_label_too_long",
    Self::SingleLabel => "email_single_label",
    Self::NumericTopLevel => "email_numeric_top_level",
    Self::InternationalDomain => "email_international_domain",
    Self::DomainAsciiTwin => "email_domain_ascii_twin",
    Self::Stored => "email_stored",
} {
    Self::Character(error) => error.code(),
});
