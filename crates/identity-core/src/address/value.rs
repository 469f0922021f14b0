use std::fmt;

use super::{ClaimKey, Email, EmailError, Phone, PhoneError, Region};
use crate::base::named_enum;

named_enum! {
    /// The kind of an address, and with it the way in which messages reach it.
    #[derive(PartialOrd, Ord)]
    pub enum Channel {
        /// E-mail.
        Email = "email",
        /// A text message or a call.
        Phone = "phone",
    }
}

/// An e-mail address or a phone number.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// An e-mail address.
    Email(Email),
    /// A phone number.
    Phone(Phone),
}

/// The rule that a text breaks which should be an e-mail address or a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It has an `@`, and is not an e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// It has no `@`, and is not a phone number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
}

impl AddressError {
    /// A stable slug of the error, for hosts to put on their wire: that of the error within it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Email(error) => error.code(),
            Self::Phone(error) => error.code(),
        }
    }
}

impl Address {
    /// Parses what a person types into a field for either kind of address: a text with an `@` is an e-mail address, any other a
    /// phone number, and one that begins with a letter and is neither an e-mail address without its `@`. `region` is where the person is; without it a number has to begin with `+` and the country code. White
    /// space before and after the text, which keyboards of phones add, is left out.
    ///
    /// ```
    /// use identity_core::address::{Address, AddressError, PhoneError, Region};
    ///
    /// assert_eq!(Address::parse("ada@example.com ", None)?.as_str(), "ada@example.com");
    /// let france = Region::parse("FR")?;
    /// assert_eq!(Address::parse("06 12 34 56 78", Some(france))?.as_str(), "+33612345678");
    /// let national = Address::parse("06 12 34 56 78", None);
    /// assert_eq!(national, Err(AddressError::Phone(PhoneError::MissingPlus)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The [`AddressError`] that names the broken rule.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, AddressError> {
        let text = text.trim();
        // A full-width `@` is a slip of an input method; the e-mail parser says so.
        if text.contains(['@', '\u{ff20}']) {
            return Ok(Email::parse(text)?.into());
        }
        match region.map_or_else(|| Phone::parse(text), |region| Phone::parse_in(text, region)) {
            Err(PhoneError::Letters) if text.starts_with(char::is_alphabetic) => Ok(Email::parse(text)?.into()),
            parsed => Ok(parsed?.into()),
        }
    }

    /// The kind of the address.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Phone(_) => Channel::Phone,
        }
    }

    /// The canonical form, to which messages are sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
        }
    }

    /// The address exactly as it was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        match self {
            Self::Email(email) => email.typed(),
            Self::Phone(phone) => phone.typed(),
        }
    }

    /// The key by which two addresses are compared for ownership.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        match self {
            Self::Email(email) => email.claim_key(),
            Self::Phone(phone) => phone.claim_key(),
        }
    }

    /// Restores an address from storage. The rules for new addresses are not applied again, so that a stored address
    /// stays readable when a rule changes.
    ///
    /// # Errors
    /// [`Inconsistent`](crate::base::Inconsistent) when no version of the rules could have produced the texts; see
    /// [`Email::restore`] and [`Phone::restore`].
    pub fn restore(channel: Channel, canonical: &str, typed: &str) -> Result<Self, crate::base::Inconsistent> {
        match channel {
            Channel::Email => Email::restore(canonical, typed)
                .map(Self::Email)
                .map_err(|_| crate::base::Inconsistent("a stored e-mail address is not an e-mail address")),
            Channel::Phone => Phone::restore(canonical, typed)
                .map(Self::Phone)
                .map_err(|_| crate::base::Inconsistent("a stored phone number is not a phone number")),
        }
    }
}

impl From<Email> for Address {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

impl From<Phone> for Address {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => email.fmt(f),
            Self::Phone(phone) => phone.fmt(f),
        }
    }
}

/// The serialised form of an address in events and messages: the canonical and the typed form, which are read without
/// the rules for new addresses.
pub(crate) mod stored {
    use std::borrow::Cow;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Address, Channel};

    #[derive(Serialize, Deserialize)]
    struct Stored<'a> {
        channel: Channel,
        #[serde(borrow)]
        address: Cow<'a, str>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        typed: Option<Cow<'a, str>>,
    }

    pub(crate) fn serialize<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
        Stored {
            channel: address.channel(),
            address: address.as_str().into(),
            typed: (address.typed() != address.as_str()).then(|| address.typed().into()),
        }
        .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let typed = stored.typed.as_ref().unwrap_or(&stored.address);
        Address::restore(stored.channel, &stored.address, typed).map_err(D::Error::custom)
    }
}
