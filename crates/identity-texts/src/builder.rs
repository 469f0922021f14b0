use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use identity_core::{Address, Channel, Email, TenantId, Timestamp};
use identity_ports::Clock;

use crate::edition::{Edition, Language, Strings, language, read};
use crate::explain::{SLUGS, sentence, told};
use crate::languages::SHIPPED;
use crate::texts::Inner;
use crate::values::Values;
use crate::{Answer, Brand, BuildError, Kind, Place, TextError, Texts, account, compose, enter, page};

const TEMPLATES: [(&str, &str); 7] = [
    ("mail.html", include_str!("templates/mail.html")),
    ("mail.txt", include_str!("templates/mail.txt")),
    ("sms.txt", include_str!("templates/sms.txt")),
    ("frame.html", include_str!("templates/frame.html")),
    ("page.html", include_str!("templates/page.html")),
    ("account.html", include_str!("templates/account.html")),
    ("sign-in.html", include_str!("templates/sign-in.html")),
];

/// Builds [`Texts`] from the shipped texts and the host's own, and checks all of them.
#[derive(Clone)]
pub struct TextsBuilder {
    clock: Arc<dyn Clock>,
    fallback: String,
    longest_code: u8,
    common: Brand,
    tenants: Vec<(TenantId, Brand)>,
    strings: Vec<(String, String)>,
    templates: Vec<(String, String)>,
}

impl TextsBuilder {
    pub(crate) fn new(common: Brand, clock: Arc<dyn Clock>) -> Self {
        let owned = |(name, source): (&str, &str)| (name.to_owned(), source.to_owned());
        Self {
            clock,
            fallback: "en".to_owned(),
            longest_code: 8,
            common,
            tenants: Vec::new(),
            strings: SHIPPED.map(owned).to_vec(),
            templates: TEMPLATES.map(owned).to_vec(),
        }
    }

    /// Sets the language of people whose own is not available; English by default.
    #[must_use]
    pub fn fallback(mut self, language: impl Into<String>) -> Self {
        self.fallback = language.into();
        self
    }

    /// Adds a language, or replaces some strings of one: Fluent source, in which each message replaces the one with its name. A
    /// new language needs every string of the shipped ones.
    ///
    /// A string `error-` and the code of a problem of the host's own, with hyphens, is what
    /// [`problem_page`](Texts::problem_page) says of it: `error-bad-time` of the code `bad_time`. Its variables are those of
    /// `error-too-soon`. Any other new name has to be named by a template or another string of the host's;
    /// [`build`](Self::build) refuses one that nothing asks for.
    #[must_use]
    pub fn strings(mut self, language: impl Into<String>, fluent: impl Into<String>) -> Self {
        self.strings.push((language.into(), fluent.into()));
        self
    }

    /// Replaces a template: `mail.html`, `mail.txt`, `sms.txt`, `page.html`, `account.html`, `sign-in.html` or the
    /// `frame.html` that these pages extend; of a message for one [`Kind`] with its [`slug`](Kind::slug) before it (`code/mail.html`), for one
    /// language (`de/mail.html`) or both (`de/code/mail.html`). The crate's page lists the variables of templates.
    #[must_use]
    pub fn template(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.templates.push((name.into(), source.into()));
        self
    }

    /// Sets another brand for one tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: TenantId, brand: Brand) -> Self {
        self.tenants.push((tenant, brand));
        self
    }

    /// Sets the number of symbols of the longest code, from 1 to 20; 8 by default. Text messages have to fit with it.
    #[must_use]
    pub const fn longest_code(mut self, symbols: u8) -> Self {
        self.longest_code = symbols;
        self
    }

    /// Renders every message and page in every language for every brand once, with sample values.
    ///
    /// # Errors
    /// [`BuildError`], by variant, for the first text that lacks something, cannot be rendered, or is too long.
    pub fn build(self) -> Result<Texts, BuildError> {
        if !(1..=20).contains(&self.longest_code) {
            return Err(BuildError::CodeLength(self.longest_code));
        }
        let mut strings = Strings::new();
        for (tag, source) in &self.strings {
            strings.entry(language(tag)?).or_default().push(read(tag, source)?);
        }
        let fallback = &self.fallback;
        let common = Edition::new(self.common, fallback, &strings, &self.templates)?;
        let mut tenants = HashMap::new();
        for (tenant, brand) in self.tenants {
            tenants.insert(tenant, Edition::new(brand, fallback, &strings, &self.templates)?);
        }
        for (tenant, edition) in std::iter::once((&TenantId::default(), &common)).chain(&tenants) {
            let strings = || self.strings.iter().chain(&edition.brand.strings);
            let templates = self.templates.iter().chain(&edition.brand.templates);
            let sources: Vec<&str> = strings().chain(templates).map(|(_, source)| source.as_str()).collect();
            let own =
                || strings().skip(SHIPPED.len()).flat_map(|(tag, source)| names(source).map(move |name| (tag, name)));
            if let Some((language, name)) = own().find(|(_, name)| !is_asked_for(name, &sources)) {
                return Err(BuildError::UnknownString { name: name.to_owned(), language: language.clone() });
            }
            for language in edition.languages() {
                check(edition, language, tenant, self.longest_code)?;
                for (_, name) in own().filter(|(_, name)| name.starts_with("error-") && language.has(name)) {
                    for seconds in SECONDS {
                        let said = told(language, name, Channel::Email, Some(Duration::from_secs(seconds)));
                        said.map_err(failed(edition, language, format!("the sentence {name:?}")))?;
                    }
                }
            }
        }
        Ok(Texts { inner: Arc::new(Inner { clock: self.clock, common, tenants }) })
    }
}

/// The names of the strings in a source that was read. What goes on in another line is indented.
fn names(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()));
    lines.filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim_end())
}

/// Whether a string of this name is shipped, is of a problem of the host's, or is named in a template or in another string.
fn is_asked_for(name: &str, sources: &[&str]) -> bool {
    let shipped = || SHIPPED.iter().any(|(_, source)| names(source).any(|shipped| shipped == name));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let whole = |part: &str| part.trim_start().split(|c| !is_name(c)).next() == Some(name);
    let named = |source: &&str| source.split(['{', '"', '\'']).skip(1).any(whole);
    name.starts_with("error-") || shipped() || sources.iter().any(named)
}

/// A count of every plural form that a shipped language tells apart, and the ones that take the most letters.
const SECONDS: [u64; 12] = [30, 120, 180, 600, 660, 3_540, 3_600, 86_400 - 3_600, 86_400, 172_800, 259_200, 1_036_800];

fn place(edition: &Edition, language: &Language, what: String) -> Box<Place> {
    Box::new(Place { what, language: language.name.clone(), brand: edition.brand.name.clone() })
}

fn failed(edition: &Edition, language: &Language, what: String) -> impl FnOnce(TextError) -> BuildError {
    let place = place(edition, language, what);
    move |reason| BuildError::Render { place, reason }
}

fn check(edition: &Edition, language: &Language, tenant: &TenantId, longest: u8) -> Result<(), BuildError> {
    let place = |what| place(edition, language, what);
    let failed = |what| failed(edition, language, what);
    for kind in Kind::ALL {
        // What a notice says hangs on what it is about, what a challenge says on how long it is good.
        let (seconds, about) = if kind.is_notice() {
            (SECONDS.get(..1).unwrap_or_default(), &[Channel::Email, Channel::Phone][..])
        } else {
            (&SECONDS[..], &[Channel::Email][..])
        };
        for (seconds, about) in seconds.iter().flat_map(|seconds| about.iter().map(move |about| (*seconds, *about))) {
            let values = sample(edition, tenant, kind, seconds, about, longest);
            let mail = compose::mail(edition, language, &values);
            mail.map_err(failed(format!("the mail {:?}", kind.slug())))?;
            let sms = compose::sms(edition, language, &values);
            let sms = sms.map_err(failed(format!("the text message {:?}", kind.slug())))?;
            let most = compose::most_segments(&values);
            if sms.room.segments() > most {
                return Err(BuildError::TooLong {
                    place: place(format!("the text message {:?}", kind.slug())),
                    encoding: sms.room.encoding,
                    units: sms.room.units,
                    limit: sms.room.limit(most),
                    text: sms.text,
                });
            }
        }
    }
    for code in SLUGS.iter().flat_map(|slugs| slugs.iter()).chain(&["other"]) {
        // What the others say hangs on nothing.
        let waits = if code.starts_with("too_") { &SECONDS[..] } else { &[] };
        let waits = waits.iter().map(|seconds| Some(Duration::from_secs(*seconds))).chain([None]);
        for (wait, channel) in waits.zip([Channel::Email, Channel::Phone].into_iter().cycle()) {
            sentence(language, code, channel, wait).map_err(failed(format!("the sentence {code:?}")))?;
        }
    }
    let address = Email::parse("jane.doe@accounts.example.com").map(Address::from);
    let address = address.map_err(|_| failed("the page \"ask\"".to_owned())(TextError::Channel))?;
    page::ask(edition, language, tenant, "token", &address).map_err(failed("the page \"ask\"".to_owned()))?;
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_notice()) {
        let asked = page::undo(edition, language, tenant, "token", kind, &address, Timestamp::from_secs(1_790_000_000));
        asked.map_err(failed(format!("the page \"undo\" for {:?}", kind.slug())))?;
    }
    for answer in Answer::ALL {
        page::answered(edition, language, answer).map_err(failed(format!("the page {answer:?}")))?;
    }
    account::check(edition, language).map_err(failed("the account page".to_owned()))?;
    enter::check(edition, language, tenant).map_err(failed("the page to sign in".to_owned()))
}

/// Values as large as they get.
fn sample(edition: &Edition, tenant: &TenantId, kind: Kind, seconds: u64, about: Channel, longest: u8) -> Arc<Values> {
    let masked = match about {
        Channel::Email => compose::short("j***@accounts.example.com"),
        Channel::Phone => "+44******0453".to_owned(),
    };
    Arc::new(Values {
        kind,
        brand: edition.brand.name.clone(),
        code: kind.has_code().then(|| "8".repeat(usize::from(longest))),
        link: kind.has_link().then(|| edition.brand.links_of(kind).sample(tenant)),
        undo: edition.brand.undo.as_ref().filter(|_| kind.is_notice()).map(|links| links.sample(tenant)),
        about: kind.is_notice().then_some((about, masked)),
        left: Duration::from_secs(seconds),
        // The longest name of a month, in most languages.
        at: Timestamp::from_secs(1_790_000_000),
    })
}
