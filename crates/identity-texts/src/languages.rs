//! The languages that are shipped, and those that a client asks for.

use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use unic_langid::LanguageIdentifier;

/// The tags of the languages that are shipped (BCP 47).
pub const LANGUAGES: [&str; 6] = ["ar", "de", "en", "es", "fr", "ja"];

/// The language of [`LANGUAGES`] that a client wants most, by the value of its header `Accept-Language` (RFC 9110, section
/// 12.5.4) or by one tag; `None` when it asks for others.
///
/// ```
/// use identity_texts::client_language;
///
/// assert_eq!(client_language("pt-BR, en;q=0.5, de-AT;q=0.8"), Some("de"));
/// assert_eq!(client_language("pt-BR, *;q=0.1"), None);
/// ```
#[must_use]
pub fn client_language(accept_language: &str) -> Option<&'static str> {
    let there = LANGUAGES.map(|tag| tag.parse::<LanguageIdentifier>().unwrap_or_default());
    let chosen = negotiate_languages(&accepted(accept_language), &there, None, NegotiationStrategy::Lookup);
    let chosen = chosen.first()?;
    LANGUAGES.into_iter().zip(&there).find(|(_, language)| language == chosen).map(|(tag, _)| tag)
}

/// The languages that a client asks for, the most wanted first. What is no language is left out, and so is what comes after the
/// 32nd.
pub(crate) fn accepted(accept_language: &str) -> Vec<LanguageIdentifier> {
    let read = |range: &str| {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        Some((weight, tag.trim().parse().ok()?)).filter(|_| weight > 0.0)
    };
    let mut wanted: Vec<(f32, LanguageIdentifier)> = accept_language.split(',').take(32).filter_map(read).collect();
    wanted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    wanted.into_iter().map(|(_, language)| language).collect()
}

/// The tag and the Fluent source of each.
pub(crate) const SHIPPED: [(&str, &str); 6] = [
    ("ar", include_str!("languages/ar.ftl")),
    ("de", include_str!("languages/de.ftl")),
    ("en", include_str!("languages/en.ftl")),
    ("es", include_str!("languages/es.ftl")),
    ("fr", include_str!("languages/fr.ftl")),
    ("ja", include_str!("languages/ja.ftl")),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    /// The strings of a language by name.
    fn strings(source: &'static str) -> BTreeMap<&'static str, Pattern<&'static str>> {
        let resource = fluent_syntax::parser::parse(source).unwrap();
        let mut strings = BTreeMap::new();
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            assert!(strings.insert(message.id.name, message.value.unwrap()).is_none(), "{}", message.id.name);
        }
        strings
    }

    /// Adds the variables that a pattern asks for, itself or through the strings that it names.
    fn variables<'s>(
        pattern: &Pattern<&'s str>,
        strings: &BTreeMap<&'s str, Pattern<&'s str>>,
        found: &mut BTreeSet<&'s str>,
    ) {
        for element in &pattern.elements {
            let PatternElement::Placeable { expression } = element else { continue };
            let inline = match expression {
                Expression::Inline(inline) => inline,
                Expression::Select { selector, variants } => {
                    variants.iter().for_each(|variant| variables(&variant.value, strings, found));
                    selector
                }
            };
            match inline {
                InlineExpression::VariableReference { id } => drop(found.insert(id.name)),
                InlineExpression::MessageReference { id, .. } => {
                    variables(strings.get(id.name).unwrap(), strings, found);
                }
                other => assert!(!matches!(other, InlineExpression::TermReference { .. }), "a term: {other:?}"),
            }
        }
    }

    #[test]
    fn every_language_has_the_same_strings_and_each_string_the_same_variables() {
        let english = strings(include_str!("languages/en.ftl"));
        for (tag, source) in SHIPPED {
            let own = strings(source);
            for (name, pattern) in &english {
                let (mut expected, mut asked) = (BTreeSet::new(), BTreeSet::new());
                variables(pattern, &english, &mut expected);
                variables(own.get(name).unwrap_or_else(|| panic!("{tag} lacks {name}")), &own, &mut asked);
                // Spanish says days as hours where GSM-7 lacks a letter.
                asked.remove("hours");
                assert_eq!(asked, expected, "{tag}: {name}");
            }
            let more: Vec<_> = own.keys().filter(|name| !english.contains_key(*name)).collect();
            assert!(more.iter().all(|name| **name == "sms-duration"), "{tag} has {more:?} and English has not");
        }
    }

    #[test]
    fn every_case_of_a_string_names_the_same_things() {
        for (tag, source) in SHIPPED {
            let strings = strings(source);
            // In a duration the words of some languages stand for the number.
            for (name, pattern) in strings.iter().filter(|(name, _)| !name.ends_with("duration") && **name != "date") {
                for element in &pattern.elements {
                    let PatternElement::Placeable { expression: Expression::Select { variants, .. } } = element else {
                        continue;
                    };
                    let named = variants.iter().map(|variant| {
                        let mut found = BTreeSet::new();
                        variables(&variant.value, &strings, &mut found);
                        found
                    });
                    let named: BTreeSet<_> = named.collect();
                    assert_eq!(named.len(), 1, "{tag}: {name}");
                }
            }
        }
    }
}
