use thiserror::Error;

/// Why a text is not a phone number: the rule that it breaks. No message repeats the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// There is no digit in the text.
    #[error("enter a phone number")]
    Empty,
    /// More than 15 digits (E.164 clause 6.2.1), or more bytes than any way of writing them needs.
    #[error("the phone number is too long: enter one number of at most 15 digits")]
    TooLong,
    /// Fewer digits than any number that can be called from abroad.
    #[error("the phone number is too short: enter it in full, with area code")]
    TooShort,
    /// No country code and no region to read a national number by.
    #[error("begin the phone number with + and the country code")]
    MissingPlus,
    /// A `+` that is not the beginning.
    #[error("write + once, before the country code")]
    MisplacedPlus,
    /// Letters are not read as the digits on whose keys they are printed.
    #[error("write the phone number in digits, without letters")]
    Letters,
    /// An extension or a dial string: it would name another line than the number alone.
    #[error("enter the phone number without an extension, pause or service code")]
    Extension,
    /// A parameter of RFC 3966, such as `;phone-context=` or `;ext=`.
    #[error("enter the phone number in full, without parameters")]
    Parameter,
    /// A character that belongs to no phone number.
    #[error("remove the character {0:?} from the phone number")]
    Character(char),
    /// A country code that is not assigned.
    #[error("check the country code: no country has it")]
    UnknownCountryCode,
    /// No numbering plan has the number.
    #[error("check the phone number: the country has no such number")]
    InvalidNumber,
}
