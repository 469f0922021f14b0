use thiserror::Error;

use crate::base::codes;

/// The reason why a text is not a phone number. No message contains the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// The text contains no digit.
    #[error("enter a phone number")]
    Empty,
    /// The number has more than 15 digits (E.164 clause 6.2.1), or the text has more than 250 bytes.
    #[error("the phone number is too long: enter one number of at most 15 digits")]
    TooLong,
    /// The number has fewer than 7 digits, which no number that can be called from abroad has.
    #[error("the phone number is too short: enter it in full, with area code")]
    TooShort,
    /// There is no country code, and no region by which to read a national number.
    #[error("begin the phone number with + and the country code")]
    MissingPlus,
    /// There is a `+` in another place than the beginning.
    #[error("write + once, before the country code")]
    MisplacedPlus,
    /// There are letters. They are not read as the digits on the same keys of a telephone.
    #[error("write the phone number in digits, without letters")]
    Letters,
    /// There is an extension or a dial string, which leads to another line than the number alone.
    #[error("enter the phone number without an extension, pause or service code")]
    Extension,
    /// There is a parameter of RFC 3966, such as `;phone-context=` or `;ext=`.
    #[error("enter the phone number in full, without parameters")]
    Parameter,
    /// There is a character that no phone number contains.
    #[error("remove the character {0:?} from the phone number")]
    Character(char),
    /// The country code is not assigned.
    #[error("check the country code: no country has it")]
    UnknownCountryCode,
    /// The numbering plan of the country does not list the number.
    #[error("check the phone number: the country has no such number")]
    InvalidNumber,
}

codes!(PhoneError {
    Self::Empty => "phone_empty",
    Self::TooLong => "phone_too_long",
    Self::TooShort => "phone_too_short",
    Self::MissingPlus => "phone_missing_plus",
    Self::MisplacedPlus => "phone_misplaced_plus",
    Self::Letters => "phone_letters",
    Self::Extension => "phone_extension",
    Self::Parameter => "phone_parameter",
    Self::Character(_) => "phone_character",
    Self::UnknownCountryCode => "phone_unknown_country_code",
    Self::InvalidNumber => "phone_invalid_number",
});
