use std::time::Duration;

use fluent_bundle::FluentArgs;
use identity_core::address::{CharacterError, UnknownRegion};
use identity_core::{
    Channel, CodeError, DisavowError, EmailError, LinkError, PhoneError, PublicRefusal, TenantId, Timestamp,
    UsernameError,
};

use crate::edition::Language;
use crate::values::waiting;
use crate::{TextError, Texts};

/// The slugs of which a person is told, by the type of the refusal or error.
pub(crate) const SLUGS: [&[&str]; 9] = [
    PublicRefusal::CODES,
    EmailError::CODES,
    CharacterError::CODES,
    PhoneError::CODES,
    UnknownRegion::CODES,
    UsernameError::CODES,
    CodeError::CODES,
    LinkError::CODES,
    DisavowError::CODES,
];

impl Texts {
    /// What a person is told of a refusal, in one or two sentences without a technical word. A wait is rounded up to whole
    /// minutes, hours or days.
    ///
    /// ```
    /// use identity_core::PublicRefusal;
    /// use identity_ports::SystemClock;
    /// use identity_texts::{Brand, Links, Texts};
    ///
    /// let brand = Brand::new("Example", Links::new("https://accounts.example.com/confirm")?);
    /// let texts = Texts::builder(brand, SystemClock).build()?;
    /// let retry_at = texts.now() + std::time::Duration::from_secs(150);
    /// assert_eq!(
    ///     texts.refusal(&Default::default(), Some("de"), &PublicRefusal::TooSoon { retry_at })?,
    ///     "Vor Kurzem wurde schon eine Nachricht verschickt. Warten Sie 3 Minuten und versuchen Sie es dann erneut.",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TextError`]; every sentence was rendered once when the texts were built.
    pub fn refusal(
        &self,
        tenant: &TenantId,
        language: Option<&str>,
        refusal: &PublicRefusal,
    ) -> Result<String, TextError> {
        refused(self.edition(tenant).language(language), refusal, self.now())
    }

    /// What a person is told of an entry that cannot be read: an e-mail address, a phone number, a username, a code, a link or a
    /// country. `code` is the slug of the error, for example of an `AddressError`. Any other slug, such as that of a key, gives
    /// the sentence that something went wrong.
    ///
    /// ```
    /// # use identity_core::Address;
    /// # use identity_ports::SystemClock;
    /// # use identity_texts::{Brand, Links, Texts};
    /// # let brand = Brand::new("Example", Links::new("https://accounts.example.com/confirm")?);
    /// # let texts = Texts::builder(brand, SystemClock).build()?;
    /// let error = Address::parse("06 12 34 56 78", None).unwrap_err();
    /// assert_eq!(
    ///     texts.parse_error(&Default::default(), Some("fr"), error.code())?,
    ///     "Commencez le numéro de téléphone par + et l’indicatif du pays.",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TextError`]; every sentence was rendered once when the texts were built.
    pub fn parse_error(&self, tenant: &TenantId, language: Option<&str>, code: &str) -> Result<String, TextError> {
        sentence(self.edition(tenant).language(language), known(code), Channel::Email, None)
    }
}

/// The slug if there is a sentence for it, or else the one of the sentence that something went wrong.
pub(crate) fn known(code: &str) -> &str {
    if SLUGS.iter().any(|slugs| slugs.contains(&code)) { code } else { "other" }
}

/// The sentence of a refusal.
pub(crate) fn refused(language: &Language, refusal: &PublicRefusal, now: Timestamp) -> Result<String, TextError> {
    let channel = match refusal {
        PublicRefusal::TooMany(channel) => *channel,
        _ => Channel::Email,
    };
    sentence(language, refusal.code(), channel, refusal.retry_at().map(|at| at.since(now)))
}

/// The sentence of a slug.
pub(crate) fn sentence(
    language: &Language,
    code: &str,
    channel: Channel,
    wait: Option<Duration>,
) -> Result<String, TextError> {
    let mut arguments: FluentArgs<'_> = waiting(wait.unwrap_or_default());
    arguments.set("channel", channel.as_str());
    // Only with too many failures there may be nothing to wait for.
    let more = if code == "too_many_failures" && wait.is_some() { "-wait" } else { "" };
    language.say(&format!("error-{}{more}", code.replace('_', "-")), &arguments)
}
