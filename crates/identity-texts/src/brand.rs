use identity_core::Email;
use url::Url;

use crate::{BuildError, Kind, LinkBaseError, Links};

/// The sender as people see it: a name, the address that links begin with, and what is said or laid out differently from other
/// brands.
#[derive(Debug, Clone)]
pub struct Brand {
    pub(crate) name: String,
    pub(crate) links: Links,
    pub(crate) sign_in: Option<Links>,
    pub(crate) undo: Option<Links>,
    pub(crate) code_host: String,
    pub(crate) logo: Option<Logo>,
    pub(crate) support: Option<String>,
    pub(crate) home: Option<String>,
    pub(crate) passwords: bool,
    pub(crate) strings: Vec<(String, String)>,
    pub(crate) templates: Vec<(String, String)>,
}

/// The picture at the head of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logo {
    pub(crate) url: String,
    pub(crate) width: u16,
    pub(crate) height: u16,
}

/// The contact for help, as a link.
pub(crate) struct Support<'a> {
    pub(crate) url: String,
    pub(crate) text: &'a str,
}

impl Brand {
    /// A brand with this name and these links. The name has 1 to 40 characters that print, on one line. Codes in text messages
    /// are bound to the host of the links.
    #[must_use]
    pub fn new(name: impl Into<String>, links: Links) -> Self {
        Self {
            name: name.into(),
            code_host: links.host().to_owned(),
            links,
            sign_in: None,
            undo: None,
            logo: None,
            support: None,
            home: None,
            passwords: false,
            strings: Vec::new(),
            templates: Vec::new(),
        }
    }

    /// The brand of a service that has the pages of `identity-axum` at `/account` and `/sign-in` of this address, such as
    /// `https://accounts.example.com`: links lead to the path `/link` of each, and those that undo a change to `/account/undo`.
    ///
    /// # Errors
    /// As [`Links::new`].
    pub fn at(name: impl Into<String>, url: &str) -> Result<Self, LinkBaseError> {
        let url = url.trim_end_matches('/');
        let links = |page: &str| Links::new(&format!("{url}/{page}"));
        let brand = Self::new(name, links("account/link")?).with_sign_in_links(links("sign-in/link")?);
        Ok(brand.with_undo_links(links("account/undo")?))
    }

    /// Binds codes in text messages to another host: the host of the page on which people type them. A phone offers the code
    /// on pages of that host only (WICG, origin-bound one-time codes).
    #[must_use]
    pub fn with_code_host(mut self, host: impl Into<String>) -> Self {
        self.code_host = host.into();
        self
    }

    /// Sets the page that links to sign in open. By default mail to sign in has a code and no link.
    #[must_use]
    pub fn with_sign_in_links(mut self, links: Links) -> Self {
        self.sign_in = Some(links);
        self
    }

    /// Sets the page that the links in notices open, on which their reader undoes the change that the notice reports. Without it
    /// notices have no link.
    #[must_use]
    pub fn with_undo_links(mut self, links: Links) -> Self {
        self.undo = Some(links);
        self
    }

    pub(crate) fn links_of(&self, kind: Kind) -> &Links {
        self.sign_in.as_ref().filter(|_| kind.signs_in()).unwrap_or(&self.links)
    }

    /// Shows a picture at the head of every mail instead of the name, which becomes its alternative text. `url` is https;
    /// `width` and `height` are the displayed size in pixels, 1 to 464 and 1 to 200.
    ///
    /// Mail programs fetch the picture when a mail is opened, so its server learns when and from where. Without a logo a mail
    /// fetches nothing. Pages show the name.
    #[must_use]
    pub fn with_logo(mut self, url: impl Into<String>, width: u16, height: u16) -> Self {
        self.logo = Some(Logo { url: url.into(), width, height });
        self
    }

    /// Names a contact for help at the end of every mail and page: an e-mail address or an https URL of at most 100 characters.
    #[must_use]
    pub fn with_support(mut self, contact: impl Into<String>) -> Self {
        self.support = Some(contact.into());
        self
    }

    /// Shows a link to the host's start page on every page: a path such as `/`, or an https URL. By default there is none.
    #[must_use]
    pub fn with_home(mut self, url: impl Into<String>) -> Self {
        self.home = Some(url.into());
        self
    }

    /// States that users of this brand have passwords. Notices of a change then advise to change the password; by default they
    /// do not mention one.
    #[must_use]
    pub const fn with_passwords(mut self) -> Self {
        self.passwords = true;
        self
    }

    /// Replaces some strings of a language: Fluent source, in which each message replaces the one with its name.
    #[must_use]
    pub fn with_strings(mut self, language: impl Into<String>, fluent: impl Into<String>) -> Self {
        self.strings.push((language.into(), fluent.into()));
        self
    }

    /// Replaces a template. Names are those of [`TextsBuilder::template`](crate::TextsBuilder::template).
    #[must_use]
    pub fn with_template(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.templates.push((name.into(), source.into()));
        self
    }

    /// The contact for help as a link; `None` when there is none, or when it is neither an address nor a URL.
    pub(crate) fn support(&self) -> Option<Support<'_>> {
        let text = self.support.as_deref()?;
        let url = match https(text) {
            Some(url) => url.into(),
            // Percent-encoded, since a local part may have characters that end the address of a link.
            None => {
                let email = Email::parse(text).ok().filter(|email| email.as_str() == text)?;
                let mut url = Url::parse("mailto:").ok()?;
                url.set_path(&email.as_str().replace('%', "%25"));
                url.into()
            }
        };
        Some(Support { url, text })
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 40 || crate::clean(&self.name) != self.name {
            return Err(BuildError::BrandName(self.name.clone()));
        }
        // White space ends the host in the last line of a text message, and `#` begins the code.
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
        if self.code_host.is_empty() || !self.code_host.chars().all(sound) {
            return Err(BuildError::CodeHost(self.code_host.clone()));
        }
        if let Some(Logo { url, width, height }) = &self.logo
            && (https(url).is_none() || !(1..=464).contains(width) || !(1..=200).contains(height))
        {
            return Err(BuildError::Logo { url: url.clone(), width: *width, height: *height });
        }
        if let Some(home) = &self.home
            && !is_path(home)
            && https(home).is_none()
        {
            return Err(BuildError::Home(home.clone()));
        }
        match &self.support {
            Some(contact) if contact.chars().count() > 100 || self.support().is_none() => {
                Err(BuildError::Support(contact.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Whether the text is a path of the same site. Browsers read `//` and `/\` as the beginning of another host.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && text.chars().all(|c| c.is_ascii_graphic())
}

/// A URL that is https and written as it is meant: on one line, without a user or a password.
fn https(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host())?;
    let bare = url.username().is_empty() && url.password().is_none();
    let printable = text.chars().all(|c| c.is_ascii_graphic());
    (bare && printable && text.len() <= 2_048).then_some(url)
}
