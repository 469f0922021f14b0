//! The languages that are shipped.

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
