use std::sync::Arc;
use std::time::Duration;

use identity_core::address::masked;
use identity_core::{Address, Channel, DisavowToken, TenantId, Timestamp, Undone};
use minijinja::context;

use crate::edition::{Edition, Language, Sheet};
use crate::explain::problem;
use crate::values::Values;
use crate::{Kind, LinkRequest, Links, TextError, Texts, clean};

/// The answer of a page once its button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The address is verified.
    Confirmed,
    /// The address is proved, and a contest over it is open.
    Contested,
    /// The change is undone.
    Undone,
    /// The link was used, is too old, or is not one. The page does not tell which.
    Failed,
    /// The link signs nobody in: it was used, is too old, is not one, or this is not the browser that asked for it. The page does
    /// not tell which.
    NotSignedIn,
    /// The host could not judge the link now.
    Later,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 6] =
        [Self::Confirmed, Self::Contested, Self::Undone, Self::Failed, Self::NotSignedIn, Self::Later];

    const fn slug(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contested => "contested",
            Self::Undone => "undone",
            Self::Failed => "failed",
            Self::NotSignedIn => "not-signed-in",
            Self::Later => "later",
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::Confirmed | Self::Contested | Self::Undone => 200,
            Self::Failed | Self::NotSignedIn => 400,
            Self::Later => 503,
        }
    }
}

/// A page that a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status of the response.
    pub status: u16,
    /// The page; its type is `text/html; charset=utf-8`.
    pub html: String,
}

impl Page {
    /// The headers of every page. A page's address contains the token: the page is not cached, not indexed, not named to the next
    /// site, and not framed by another page.
    pub const HEADERS: [(&str, &str); 6] = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
    ];
}

impl Texts {
    /// The page for a GET. It names the address that its button confirms, masked, and confirms nothing: mail scanners open
    /// links too. The form posts to the same path, and [`Links::parse`](crate::Links::parse) reads what it posts.
    ///
    /// `address` is the one that the token was checked against, for example by `Account::link_address` of the crate `identity`.
    /// A host must not look it up by the identifier in the token alone, since a made-up token names any identifier.
    ///
    /// # Errors
    /// [`TextError`]; every page was rendered once when the texts were built.
    pub fn ask_page(&self, request: &LinkRequest, address: &Address) -> Result<Page, TextError> {
        let edition = self.edition(&request.tenant);
        let language = edition.language(request.language.as_deref());
        ask(edition, language, &request.tenant, &request.token.reveal(), address)
    }

    /// The page for the answer to a POST, and for a GET of what is no link.
    ///
    /// # Errors
    /// [`TextError`]; every page was rendered once when the texts were built.
    pub fn answer_page(&self, tenant: &TenantId, language: Option<&str>, answer: Answer) -> Result<Page, TextError> {
        let edition = self.edition(tenant);
        answered(edition, edition.language(language), answer)
    }
}

impl Texts {
    /// The page for a GET of a link that undoes a change. It says what the change was, with its address masked, and undoes
    /// nothing: mail scanners open links too. It posts to the same path, which is that of the
    /// [links to undo](crate::Brand::with_undo_links), and [`Links::parse_undo`](crate::Links::parse_undo) reads what it posts.
    ///
    /// `undone` is what the link would undo, by `Identity::disavowal` of the crate `identity`.
    ///
    /// # Errors
    /// [`TextError::Kind`] when there are no words for the change.
    pub fn undo_page(&self, request: &LinkRequest<DisavowToken>, undone: &Undone) -> Result<Page, TextError> {
        let edition = self.edition(&request.tenant);
        let language = edition.language(request.language.as_deref());
        let kind = Kind::of_notice(undone.change).ok_or(TextError::Kind)?;
        let token = request.token.reveal();
        undo(edition, language, &request.tenant, &token, kind, &undone.about, undone.since)
    }

    /// The page for a GET of a link that signs in. As [`ask_page`](Self::ask_page) it does nothing by itself; it posts to the same
    /// path, which is that of the [links to sign in](crate::Brand::with_sign_in_links).
    ///
    /// # Errors
    /// As [`ask_page`](Self::ask_page).
    pub fn sign_in_link_page(&self, request: &LinkRequest) -> Result<Page, TextError> {
        let edition = self.edition(&request.tenant);
        enter(edition, edition.language(request.language.as_deref()), &request.tenant, &request.token.reveal())
    }

    /// The page for something that was refused, or failed, outside of the account page. `code` is the slug of a refusal or of
    /// an error. For a code of the host's own it says the host's string `error-` and the code, with hyphens, in the person's
    /// language or else the fallback, and where there is none `detail`. `stale` says that the form was sent from elsewhere;
    /// `internal` and `unavailable_now` that something went wrong.
    ///
    /// # Errors
    /// As [`ask_page`](Self::ask_page).
    pub fn problem_page(
        &self,
        tenant: &TenantId,
        language: Option<&str>,
        status: u16,
        code: &str,
        detail: &str,
        wait: Option<Duration>,
    ) -> Result<Page, TextError> {
        let edition = self.edition(tenant);
        let language = edition.language(language);
        let lead = problem(edition, language, code, detail, wait)?;
        page(edition, language, "page-failed-title", Err(lead), status, None, minijinja::Value::from(()))
    }
}

pub(crate) fn enter(edition: &Edition, language: &Language, tenant: &TenantId, token: &str) -> Result<Page, TextError> {
    let action = edition.brand.links_of(Kind::SignInLink).path();
    let form = context! { action, tenant => tenant.as_str(), token, button => "enter-title" };
    page(edition, language, "enter-title", Ok("enter-ask-lead"), 200, None, form)
}

pub(crate) fn ask(
    edition: &Edition,
    language: &Language,
    tenant: &TenantId,
    token: &str,
    address: &Address,
) -> Result<Page, TextError> {
    let about = (address.channel(), clean(&masked(address.as_str())));
    let action = edition.brand.links.path();
    let form = context! { action, tenant => tenant.as_str(), token, button => "page-ask-button" };
    page(edition, language, "page-ask-title", Ok("page-ask-lead"), 200, Some(about), form)
}

pub(crate) fn undo(
    edition: &Edition,
    language: &Language,
    tenant: &TenantId,
    token: &str,
    kind: Kind,
    address: &Address,
    at: Timestamp,
) -> Result<Page, TextError> {
    let mut lead = told(edition, language, kind, address, at)?;
    lead.push(language.say("page-undo-lead", &Values::new(kind, &edition.brand).arguments(language.apart()))?);
    let action = edition.brand.undo.as_ref().map_or_else(|| edition.brand.links.path(), Links::path);
    let form = context! { action, tenant => tenant.as_str(), token, button => "undo-button" };
    page(edition, language, "page-undo-title", Err(lead.join(" ")), 200, None, form)
}

/// The sentences of a change: what it was, with its address masked, and when.
pub(crate) fn told(
    edition: &Edition,
    language: &Language,
    kind: Kind,
    address: &Address,
    at: Timestamp,
) -> Result<Vec<String>, TextError> {
    let about = (address.channel(), clean(&masked(address.as_str())));
    let values = Values { about: Some(about), at, ..Values::new(kind, &edition.brand) };
    let arguments = values.arguments(language.apart());
    [format!("{}-lead", kind.slug()), "when".to_owned()].iter().map(|name| language.say(name, &arguments)).collect()
}

pub(crate) fn answered(edition: &Edition, language: &Language, answer: Answer) -> Result<Page, TextError> {
    let [title, lead] = ["title", "lead"].map(|part| format!("page-{}-{part}", answer.slug()));
    page(edition, language, &title, Ok(&lead), answer.status(), None, minijinja::Value::from(()))
}

/// A page with the string of this title, and the string of this name or this sentence below it.
fn page(
    edition: &Edition,
    language: &Language,
    title: &str,
    lead: Result<&str, String>,
    status: u16,
    about: Option<(Channel, String)>,
    form: minijinja::Value,
) -> Result<Page, TextError> {
    let values = Arc::new(Values { about, ..Values::new(Kind::Link, &edition.brand) });
    let arguments = values.arguments(language.apart());
    let lead = lead.map_or_else(Ok, |name| language.say(name, &arguments))?;
    let more = context! { title => language.say(title, &arguments)?, lead, form };
    let html =
        edition.lay_out("page.html", None, &Sheet { language, values: &values, apart: language.apart() }, more)?;
    Ok(Page { status, html })
}
