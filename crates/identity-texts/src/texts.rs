use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use identity_core::address::masked;
use identity_core::{Channel, Content, TenantId, Timestamp};
use identity_ports::{Clock, Notice};

use crate::edition::{Edition, Language};
use crate::values::Values;
use crate::{Brand, Kind, Links, Room, TextError, TextsBuilder, compose};

/// A mail that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject: one line, without control characters.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML, with its style sheet. It fetches nothing, except for the logo where the brand has one.
    pub html: String,
    /// The language of the text, a BCP 47 tag.
    pub language: String,
}

/// A text message that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// The text. One with a code ends in the line `@host #code`.
    pub text: String,
    /// The length and the encoding.
    pub room: Room,
    /// The language of the text, a BCP 47 tag.
    pub language: String,
}

/// The subject only: the bodies contain codes and links.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).field("language", &self.language).finish_non_exhaustive()
    }
}

/// The length only: the text contains a code.
impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("room", &self.room).field("language", &self.language).finish_non_exhaustive()
    }
}

/// The words of messages and pages, in every language and for every brand. Cloning is cheap.
///
/// Building renders everything once, so a text that lacks something is an error at start.
#[derive(Clone)]
pub struct Texts {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) common: Edition,
    pub(crate) tenants: HashMap<TenantId, Edition>,
}

impl Texts {
    /// Starts with a brand, and the languages that are shipped: `ar`, `de`, `en`, `es`, `fr`, `ja`. The clock tells how long a code
    /// is still valid when its message is sent.
    #[must_use]
    pub fn builder(brand: Brand, clock: impl Clock) -> TextsBuilder {
        TextsBuilder::new(brand, Arc::new(clock))
    }

    /// The time by the clock that these texts were built with.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The links of a tenant's brand.
    #[must_use]
    pub fn links(&self, tenant: &TenantId) -> &Links {
        &self.edition(tenant).brand.links
    }

    /// The links to sign in of a tenant's brand; `None` when it has none of their own.
    #[must_use]
    pub fn sign_in_links(&self, tenant: &TenantId) -> Option<&Links> {
        self.edition(tenant).brand.sign_in.as_ref()
    }

    /// The links that undo changes of a tenant's brand; `None` when its notices have none.
    #[must_use]
    pub fn undo_links(&self, tenant: &TenantId) -> Option<&Links> {
        self.edition(tenant).brand.undo.as_ref()
    }

    /// The mail for a notice.
    ///
    /// # Errors
    /// [`TextError::Kind`] when there are no words for its kind, [`TextError::Channel`] when it goes to a phone.
    pub fn mail(&self, notice: &Notice) -> Result<Mail, TextError> {
        let (edition, language, values) = self.look_up(notice, Channel::Email)?;
        compose::mail(edition, language, &Arc::new(values))
    }

    /// The text message for a notice.
    ///
    /// # Errors
    /// [`TextError::Kind`] when there are no words for its kind, [`TextError::Channel`] when it goes to an e-mail address.
    pub fn sms(&self, notice: &Notice) -> Result<Sms, TextError> {
        let (edition, language, values) = self.look_up(notice, Channel::Phone)?;
        compose::sms(edition, language, &Arc::new(values))
    }

    /// What a notice says, without a layout: the plain text of its mail, or its text message.
    ///
    /// # Errors
    /// [`TextError::Kind`] when there are no words for its kind.
    pub fn plain(&self, notice: &Notice) -> Result<String, TextError> {
        match notice.message.to.channel() {
            Channel::Email => self.mail(notice).map(|mail| mail.text),
            Channel::Phone => self.sms(notice).map(|sms| sms.text),
        }
    }

    fn look_up(&self, notice: &Notice, channel: Channel) -> Result<(&Edition, &Language, Values), TextError> {
        let message = &notice.message;
        if message.to.channel() != channel {
            return Err(TextError::Channel);
        }
        let kind = Kind::of(notice).ok_or(TextError::Kind)?;
        let edition = self.edition(&message.key.tenant);
        let language = edition.language(message.locale.as_deref());
        let about = match &message.content {
            Content::Notice { about, .. } => {
                let masked = compose::clean(&masked(about.as_str()));
                let written = if channel == Channel::Phone { compose::short(&masked) } else { masked };
                Some((about.channel(), written))
            }
            _ => None,
        };
        let values = Values {
            kind,
            brand: edition.brand.name.clone(),
            code: notice.code.as_ref().map(|code| compose::clean(code.reveal())),
            link: notice
                .link
                .as_ref()
                .map(|token| edition.brand.links_of(kind).url(&message.key.tenant, token, &language.name)),
            undo: edition
                .brand
                .undo
                .as_ref()
                .zip(notice.disavowal.as_ref())
                .map(|(links, token)| links.undo_url(&message.key.tenant, token, &language.name)),
            about,
            left: message.expires_at.since(self.now()),
            at: message.created_at,
        };
        Ok((edition, language, values))
    }

    pub(crate) fn edition(&self, tenant: &TenantId) -> &Edition {
        self.inner.tenants.get(tenant).unwrap_or(&self.inner.common)
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let languages: Vec<&str> = self.inner.common.languages().map(|language| language.name.as_str()).collect();
        f.debug_struct("Texts").field("languages", &languages).finish_non_exhaustive()
    }
}
