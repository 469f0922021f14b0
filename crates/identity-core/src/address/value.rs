use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ClaimKey, Email, Phone};

/// The way in which a message reaches an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Mail.
    Email,
    /// Text message or call.
    Phone,
}

impl Channel {
    /// The stable name that adapters store: `email` or `phone`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
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

impl Address {
    /// How a message reaches it.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Phone(_) => Channel::Phone,
        }
    }

    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        match self {
            Self::Email(email) => email.typed(),
            Self::Phone(phone) => phone.typed(),
        }
    }

    /// The form by which two addresses are one.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        match self {
            Self::Email(email) => email.claim_key(),
            Self::Phone(phone) => phone.claim_key(),
        }
    }

    /// An address as a store returns it. What was once accepted stays readable when a rule changes later.
    ///
    /// # Errors
    /// [`Inconsistent`](crate::Inconsistent) when the text cannot ever have been an address of that kind.
    pub fn restore(channel: Channel, canonical: &str, typed: &str) -> Result<Self, crate::Inconsistent> {
        match channel {
            Channel::Email => Email::restore(canonical, typed)
                .map(Self::Email)
                .map_err(|_| crate::Inconsistent("a stored e-mail address is none")),
            Channel::Phone => Phone::restore(canonical, typed)
                .map(Self::Phone)
                .map_err(|_| crate::Inconsistent("a stored phone number is none")),
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

/// How an address stands in an event or a message: canonical and typed form, read without asking today's rules.
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
