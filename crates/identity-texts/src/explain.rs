use std::time::Duration;

use fluent_bundle::FluentArgs;
use identity_core::address::{CharacterError, LabelError, UnknownRegion};
use identity_core::{
    Channel, CodeError, DisavowError, EmailError, LinkError, PhoneError, PublicRefusal, TenantId, Timestamp,
    UsernameError,
};

use crate::edition::{Edition, Language};
use crate::values::waiting;
use crate::{TextError, Texts, clean};

/// The slugs of which a person is told, by the type of the refusal or error.
pub(crate) const SLUGS: [&[&str]; 10] = [
    PublicRefusal::CODES,
    EmailError::CODES,
    CharacterError::CODES,
    PhoneError::CODES,
    UnknownRegion::CODES,
    UsernameError::CODES,
    LabelError::CODES,
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

    /// What a person is told of an entry that cannot be read: an e-mail address, a phone number, a username, a label, a code, a
    /// link or a country. `code` is the slug of the error, for example of an `AddressError`. Any other slug, such as that of a key, gives
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

/// The sentence of a problem: of the texts, of the host's own texts for its own code, or else the detail.
pub(crate) fn problem(
    edition: &Edition,
    language: &Language,
    code: &str,
    detail: &str,
    wait: Option<Duration>,
) -> Result<String, TextError> {
    match code {
        "stale" => language.say("account-stale", &FluentArgs::new()),
        // What failed within the host is in its log and for nobody else.
        "internal" | "unavailable_now" => sentence(language, "other", Channel::Email, wait),
        code if known(code) == code => sentence(language, code, Channel::Email, wait),
        code => match [language, edition.language(None)].into_iter().find(|language| language.has(&named(code))) {
            Some(language) => sentence(language, code, Channel::Email, wait),
            None => Ok(clean(detail)),
        },
    }
}

/// The name of the string for a slug.
fn named(code: &str) -> String {
    format!("error-{}", code.replace('_', "-"))
}

/// The sentence of a refusal.
pub(crate) fn refused(language: &Language, refusal: &PublicRefusal, now: Timestamp) -> Result<String, TextError> {
    let channel = match refusal {
        PublicRefusal::TooMany(channel) | PublicRefusal::TooFew(channel) => *channel,
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
    // Only with too many failures there may be nothing to wait for.
    let more = if code == "too_many_failures" && wait.is_some() { "-wait" } else { "" };
    told(language, &(named(code) + more), channel, wait)
}

/// The string of this name, which is one of those that begin with `error-`.
pub(crate) fn told(
    language: &Language,
    name: &str,
    channel: Channel,
    wait: Option<Duration>,
) -> Result<String, TextError> {
    let mut arguments: FluentArgs<'_> = waiting(wait.unwrap_or_default());
    arguments.set("channel", channel.as_str());
    language.say(name, &arguments)
}
