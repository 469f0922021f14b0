use super::CharacterError;

/// The rule that a text breaks and therefore is not an [`Email`](super::Email).
///
/// No variant and no message holds the text itself: an address that was refused is still somebody's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// Nothing was given.
    #[error("enter an e-mail address")]
    Empty,
    /// More than 254 octets in canonical form (RFC 5321 section 4.5.3.1.3), or more input than any such address has.
    #[error("use an e-mail address of at most 254 octets")]
    TooLong,
    /// There is no `@`.
    #[error("write the address as name@domain: the @ is missing")]
    MissingAt,
    /// There is more than one `@`: two addresses, or none.
    #[error("enter one address alone: there is more than one @")]
    SeveralAts,
    /// A quoted local part (RFC 5321 `Quoted-string`), or a stray quotation mark.
    #[error("enter the address without quotation marks")]
    Quoted,
    /// Angle brackets: a display name or a route comes with the address (RFC 5322 `name-addr`).
    #[error("enter the address alone, without a display name or angle brackets")]
    DisplayName,
    /// A comment (RFC 5322 section 3.2.2).
    #[error("enter the address without comments or parentheses")]
    Comment,
    /// A literal such as `[192.0.2.1]` (RFC 5321 section 4.1.3), or a stray bracket.
    #[error("use a domain name, not an address in brackets")]
    AddressLiteral,
    /// A character that no identifier may hold.
    #[error(transparent)]
    Character(#[from] CharacterError),
    /// The part before the `@` is empty or not a `Dot-string` (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
    #[error("correct the part before the @: it has to be words joined by single dots")]
    LocalPart,
    /// The part before the `@` has more than 64 octets in NFC (RFC 5321 section 4.5.3.1.1).
    #[error("use an address with at most 64 octets before the @")]
    LocalPartTooLong,
    /// The domain has an empty label, a character that is not a letter, digit or hyphen, or a misplaced hyphen.
    #[error("correct the domain: labels of letters, digits and inner hyphens, joined by single dots")]
    Domain,
    /// The domain has more than 253 octets as A-labels (RFC 1035 section 2.3.4: 255 on the wire).
    #[error("use a domain of at most 253 octets")]
    DomainTooLong,
    /// A label of the domain has more than 63 octets as A-label (RFC 1035 section 2.3.4).
    #[error("use a domain whose labels have at most 63 octets each")]
    LabelTooLong,
    /// The domain has one label only.
    #[error("use a complete domain, such as example.com")]
    SingleLabel,
    /// The last label is a number: an IPv4 address, or no name at all (RFC 3696 section 2).
    #[error("use a domain name whose last label is not a number")]
    NumericTopLevel,
    /// The domain is not a valid internationalised name (UTS 46, RFC 5892), or has an `xn--` label that stands for none.
    #[error("correct the domain: it is not a valid internationalised domain name")]
    InternationalDomain,
    /// The domain holds a character that would be read as an ASCII one, such as a full-width letter or dot.
    #[error("type the domain's Latin letters, digits, hyphens and dots in their ordinary form")]
    DomainAsciiTwin,
    /// What a store returned is not an address that was ever written.
    #[error("repair the stored address: it is not one that was written by this library")]
    Stored,
}
