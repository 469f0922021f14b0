use std::collections::BTreeMap;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use identity_ports::ForeignError;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use unic_langid::{CharacterDirection, LanguageIdentifier};

use crate::languages::accepted;
use crate::values::{Apart, Values};
use crate::{Brand, BuildError, Kind, TextError, escape};

/// The words of a brand in a language.
pub(crate) struct Language {
    tag: LanguageIdentifier,
    pub(crate) name: String,
    pub(crate) right_to_left: bool,
    bundle: Arc<FluentBundle<Arc<FluentResource>>>,
}

/// A brand's words in every language, and its templates.
pub(crate) struct Edition {
    pub(crate) brand: Brand,
    fallback: Language,
    others: Vec<Language>,
    templates: Environment<'static>,
}

/// What templates lay out.
const FORMATS: [&str; 7] =
    ["mail.html", "mail.txt", "sms.txt", "frame.html", "page.html", "account.html", "sign-in.html"];

/// Strings by language, later ones over earlier ones.
pub(crate) type Strings = BTreeMap<LanguageIdentifier, Vec<Arc<FluentResource>>>;

pub(crate) fn language(tag: &str) -> Result<LanguageIdentifier, BuildError> {
    tag.parse().map_err(|_| BuildError::Language(tag.to_owned()))
}

pub(crate) fn read(tag: &str, source: &str) -> Result<Arc<FluentResource>, BuildError> {
    FluentResource::try_new(source.to_owned()).map(Arc::new).map_err(|(_, errors)| BuildError::Strings {
        language: tag.to_owned(),
        reason: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    })
}

impl Edition {
    pub(crate) fn new(
        brand: Brand,
        fallback: &str,
        shared: &Strings,
        templates: &[(String, String)],
    ) -> Result<Self, BuildError> {
        brand.check()?;
        let mut strings = shared.clone();
        for (tag, source) in &brand.strings {
            strings.entry(language(tag)?).or_default().push(read(tag, source)?);
        }
        let tag = language(fallback)?;
        let sources = strings.remove(&tag).ok_or_else(|| BuildError::Fallback(fallback.to_owned()))?;
        let fallback = Language::new(tag, sources);
        let others = strings.into_iter().map(|(tag, sources)| Language::new(tag, sources)).collect();
        let mut edition = Self { brand, fallback, others, templates: Environment::new() };
        let environment = &mut edition.templates;
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(escape::write);
        environment.add_filter("escape", escape::filter);
        environment.add_filter("e", escape::filter);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(
            syntax.map_err(|error| BuildError::Template { name: "*".to_owned(), reason: ForeignError::new(error) })?,
        );
        for (name, source) in templates.iter().chain(&edition.brand.templates) {
            let added = environment.add_template_owned(name.clone(), source.clone());
            added.map_err(|error| BuildError::Template { name: name.clone(), reason: ForeignError::new(error) })?;
        }
        let names = edition.templates.templates().map(|(name, _)| name);
        match names.filter(|name| !edition.is_looked_for(name)).min() {
            Some(name) => Err(BuildError::TemplateName(name.to_owned())),
            None => Ok(edition),
        }
    }

    /// Every language.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &Language> {
        std::iter::once(&self.fallback).chain(&self.others)
    }

    /// The language that comes nearest to what the person asked for (RFC 4647, 3.4), or the fallback. `asked` is a tag, or
    /// several with their weights.
    pub(crate) fn language(&self, asked: Option<&str>) -> &Language {
        let asked = asked.map(accepted).unwrap_or_default();
        let there: Vec<&LanguageIdentifier> = self.languages().map(|language| &language.tag).collect();
        let chosen = negotiate_languages(&asked, &there, None, NegotiationStrategy::Lookup);
        let chosen = chosen.first().and_then(|tag| self.others.iter().find(|language| language.tag == ***tag));
        chosen.unwrap_or(&self.fallback)
    }

    /// Whether some message or page would ever ask for a template of this name.
    fn is_looked_for(&self, name: &str) -> bool {
        let (before, format) = name.rsplit_once('/').map_or(("", name), |(before, format)| (before, format));
        let is_message = format.starts_with("mail") || format.starts_with("sms");
        let is_kind = |part: &str| is_message && Kind::ALL.iter().any(|kind| kind.slug() == part);
        let is_language = |part: &str| self.languages().any(|language| language.name == part);
        let known = match before.split_once('/') {
            None => before.is_empty() || is_kind(before) || is_language(before),
            Some((language, kind)) => is_language(language) && is_kind(kind),
        };
        // The pages name their frame, whatever the language.
        known && FORMATS.contains(&format) && (format != "frame.html" || before.is_empty())
    }

    /// Fills in the template for a format: the one for this language and kind, or else for the language, for the kind, for all.
    pub(crate) fn lay_out(
        &self,
        format: &str,
        kind: Option<Kind>,
        sheet: &Sheet<'_>,
        more: Value,
    ) -> Result<String, TextError> {
        let language = &sheet.language.name;
        let mut names = Vec::with_capacity(4);
        if let Some(kind) = kind {
            names.push(format!("{language}/{}/{format}", kind.slug()));
        }
        names.push(format!("{language}/{format}"));
        if let Some(kind) = kind {
            names.push(format!("{}/{format}", kind.slug()));
        }
        names.push(format.to_owned());
        let found = names.iter().find_map(|name| self.templates.get_template(name).ok());
        let Some(template) = found else { return Err(TextError::NoString(format.to_owned())) };
        let all = minijinja::context! { ..more, ..sheet.context(), ..self.brand_context() };
        template.render(all).map_err(|error| TextError::Template {
            name: template.name().to_owned(),
            // The error's own text has line and cause, and no value.
            reason: error.to_string(),
        })
    }

    /// The values that a brand gives to every template.
    fn brand_context(&self) -> Value {
        let logo = self.brand.logo.as_ref().map(|logo| {
            minijinja::context! { url => logo.url.as_str(), width => logo.width, height => logo.height }
        });
        let support = self.brand.support().map(|support| {
            minijinja::context! { url => support.url, text => support.text }
        });
        minijinja::context! { logo, support, home => self.brand.home.as_deref(), passwords => self.brand.passwords }
    }
}

impl Language {
    fn new(tag: LanguageIdentifier, sources: Vec<Arc<FluentResource>>) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![tag.clone()]);
        // Text messages have no room for the marks, and texts from left to right no need of them.
        bundle.set_use_isolating(false);
        for source in sources {
            bundle.add_resource_overriding(source);
        }
        let right_to_left = tag.character_direction() == CharacterDirection::RTL;
        Self { name: tag.to_string(), tag, right_to_left, bundle: Arc::new(bundle) }
    }

    /// Whether there is a string of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.bundle.has_message(name)
    }

    /// The string of this name with its variables.
    pub(crate) fn say(&self, name: &str, arguments: &FluentArgs<'_>) -> Result<String, TextError> {
        say(&self.bundle, name, arguments)
    }

    /// Which values stand apart in a mail.
    pub(crate) const fn apart(&self) -> Apart {
        if self.right_to_left { Apart::Everything } else { Apart::Nothing }
    }
}

fn say(
    bundle: &FluentBundle<Arc<FluentResource>>,
    name: &str,
    arguments: &FluentArgs<'_>,
) -> Result<String, TextError> {
    let pattern = bundle.get_message(name).and_then(|message| message.value());
    let pattern = pattern.ok_or_else(|| TextError::NoString(name.to_owned()))?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
    match errors.first() {
        None => Ok(text),
        Some(error) => Err(TextError::String { name: name.to_owned(), reason: error.to_string() }),
    }
}

/// What a template has: the values of its message, and the strings of its language.
pub(crate) struct Sheet<'a> {
    pub(crate) language: &'a Language,
    pub(crate) values: &'a Arc<Values>,
    pub(crate) apart: Apart,
}

impl Sheet<'_> {
    fn context(&self) -> Value {
        let (bundle, values, apart) = (Arc::clone(&self.language.bundle), Arc::clone(self.values), self.apart);
        let t = Value::from_function(move |name: String| {
            say(&bundle, &name, &values.arguments(apart))
                .map_err(|error| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string()))
        });
        let values = &**self.values;
        minijinja::context! {
            t,
            brand => values.brand.as_str(),
            language => self.language.name.as_str(),
            direction => if self.language.right_to_left { "rtl" } else { "ltr" },
            kind => values.kind.slug(),
            code => values.code.as_deref(),
            link => values.link.as_deref(),
            undo => values.undo.as_deref(),
            about => values.about.as_ref().map(|(_, about)| about.as_str()),
            channel => values.about.as_ref().map(|(channel, _)| channel.as_str()),
        }
    }
}
