//! What errors say: the manual's page of slugs and strings is made of the code, and no error repeats what its source says.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use identity::store::{CommitError, ForeignError};
use identity::system::EntropyError;
use identity::{KeysFromEnvError, NotifyError, StoreError};
use identity_core::address::{CharacterError, LabelError, UnknownRegion};
use identity_core::{
    CodeError, DisavowError, EmailError, IdError, JsonError, KeyError, LinkError, PhoneError, PublicRefusal, Refusal,
    TicketError, TimestampError, TimestampRangeError, UsernameError,
};

const PAGE: &str = "src/manual/slugs.md";

const ENGLISH: &str = include_str!("../../identity-texts/src/languages/en.ftl");

/// The slugs of each type.
const TYPES: [(&str, &[&str]); 17] = [
    ("Refusal", Refusal::CODES),
    ("PublicRefusal", PublicRefusal::CODES),
    ("EmailError", EmailError::CODES),
    ("CharacterError", CharacterError::CODES),
    ("PhoneError", PhoneError::CODES),
    ("UnknownRegion", UnknownRegion::CODES),
    ("UsernameError", UsernameError::CODES),
    ("LabelError", LabelError::CODES),
    ("CodeError", CodeError::CODES),
    ("LinkError", LinkError::CODES),
    ("DisavowError", DisavowError::CODES),
    ("TicketError", TicketError::CODES),
    ("KeyError", KeyError::CODES),
    ("IdError", IdError::CODES),
    ("JsonError", JsonError::CODES),
    ("TimestampError", TimestampError::CODES),
    ("TimestampRangeError", TimestampRangeError::CODES),
];

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The strings of a language by name, in their order. Of a string with cases it is the one for all others.
fn strings() -> Vec<(&'static str, String)> {
    let mut strings: Vec<(&str, [&str; 3])> = Vec::new();
    for line in ENGLISH.lines() {
        if let Some((name, text)) =
            line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            let cases = text.ends_with("->").then(|| text.rfind("{ $")).flatten();
            strings.push((name, [&text[..cases.unwrap_or(text.len())], "", ""]));
        } else if let Some((_, [_, case, rest])) = strings.last_mut() {
            match (line.trim_start().strip_prefix("*["), line.strip_prefix('}')) {
                (Some(text), _) => *case = text.split_once("] ").unwrap().1,
                (_, Some(text)) => *rest = text,
                _ => {}
            }
        }
    }
    strings.into_iter().map(|(name, parts)| (name, parts.concat())).collect()
}

/// What the person is told of a slug; `None` for what only the host can have done wrong.
fn told(code: &str) -> Option<String> {
    let strings = strings();
    let find = |name: &str| strings.iter().find(|(at, _)| *at == name).map(|(_, text)| text.clone());
    let text = find(&format!("error-{}", code.replace('_', "-")))?;
    match text.strip_prefix("{ error-").and_then(|rest| rest.strip_suffix(" }")) {
        Some(other) => find(&format!("error-{other}")),
        None => Some(text),
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Slugs and strings\n\n\
         Every refusal, and every error of a text that cannot be read, has a slug that stays the same. `code()` returns it, and\n\
         a host puts it on its wire. The sentence is what `Texts::refusal` and `Texts::parse_error` of the crate `identity-texts`\n\
         tell a person, here in English. Where there is none, the person never sees the slug: the holder's road has `unavailable`\n\
         or `administrator_only` in its place, or it was the host that gave a wrong value.\n\n\
         This page is made of the code, and a test compares the two. To write it anew:\n\n\
         ```text\nIDENTITY_WRITE=1 cargo test --workspace --all-features --test slugs\n```\n\n\
         ## Slugs\n\n| slug | of | sentence |\n|---|---|---|\n",
    );
    let mut seen = BTreeSet::new();
    for code in TYPES.iter().flat_map(|(_, codes)| codes.iter()) {
        if seen.insert(code) {
            let of: Vec<String> =
                TYPES.iter().filter(|(_, codes)| codes.contains(code)).map(|(name, _)| format!("`{name}`")).collect();
            let told = told(code).unwrap_or_default();
            writeln!(page, "| `{code}` | {} | {told} |", of.join(", ")).unwrap();
        }
    }
    page.push_str(
        "\n## Strings\n\nThe names of all strings of `identity-texts`, with the English text; of one with cases, the case for all \
         others. A host\nreplaces any of them with `TextsBuilder::strings`.\n\n| name | text |\n|---|---|\n",
    );
    for (name, text) in strings() {
        writeln!(page, "| `{name}` | {} |", text.replace('|', "\\|")).unwrap();
    }
    page
}

#[test]
fn the_page_of_slugs_is_that_of_the_code() {
    if std::env::var_os("IDENTITY_WRITE").is_some() {
        std::fs::write(folder(PAGE), page()).unwrap();
    }
    let written = std::fs::read_to_string(folder(PAGE)).unwrap();
    let differs = page().lines().zip(written.lines()).find(|(now, then)| now != then).map(|(now, _)| now.to_owned());
    assert!(
        written == page(),
        "{PAGE} is not what the code says, from {differs:?}; IDENTITY_WRITE=1 cargo test --test slugs writes it"
    );
}

/// The sources below a folder.
fn sources(below: PathBuf) -> Vec<(PathBuf, String)> {
    let (mut sources, mut folders) = (Vec::new(), vec![below]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    sources
}

#[test]
fn every_type_with_slugs_is_on_the_page_and_a_slug_means_one_thing() {
    let mut found = BTreeSet::new();
    for (_, text) in sources(folder("../identity-core/src")) {
        let names = text.lines().filter_map(|line| line.strip_prefix("codes!(")?.split(' ').next());
        found.extend(names.map(str::to_owned));
    }
    let listed: BTreeSet<String> = TYPES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed);
    let mut all = BTreeSet::new();
    for (name, codes) in TYPES.iter().filter(|(name, _)| *name != "PublicRefusal") {
        for code in *codes {
            assert!(all.insert(*code), "{code} of {name} is there twice");
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
        }
    }
    // What the holder sees has the slug that the administrator sees, except for what would tell of somebody else.
    let own: Vec<_> = PublicRefusal::CODES.iter().filter(|code| !Refusal::CODES.contains(code)).collect();
    assert_eq!(own, [&"unavailable"]);
}

/// An error with two sources.
#[derive(Debug, thiserror::Error)]
#[error("the write failed")]
struct Outer(#[source] Middle);

/// Quotes its source, as some drivers do.
#[derive(Debug, thiserror::Error)]
#[error("the file was not written: {0}")]
struct Middle(#[source] std::fmt::Error);

/// All that whoever prints an error with its sources shows.
fn chain(error: &dyn Error) -> Vec<String> {
    let (mut said, mut next) = (Vec::new(), Some(error));
    while let Some(error) = next {
        said.push(error.to_string());
        next = error.source();
    }
    said
}

#[test]
fn a_foreign_error_says_each_of_its_sources_once_and_the_errors_around_it_do_not_repeat_it() {
    let inner = std::fmt::Error.to_string();
    let foreign = ForeignError::new(Outer(Middle(std::fmt::Error)));
    assert_eq!(foreign.to_string(), format!("the write failed: the file was not written: {inner}"));
    assert!(foreign.original().downcast_ref::<Outer>().is_some(), "and it is still there for those who look for it");
    let key = identity::CodeKeys::parse("short").unwrap_err();
    let unusable = KeysFromEnvError::Unusable { variable: "IDENTITY_KEY".to_owned(), error: key };
    assert_eq!(chain(&unusable).join(" ").matches(&key.to_string()).count(), 1);
    let store = || StoreError::Failed(foreign.clone());
    let errors: [Box<dyn Error>; 7] = [
        Box::new(store()),
        Box::new(StoreError::Unavailable(foreign.clone())),
        Box::new(CommitError::Store(store())),
        Box::new(identity::Error::<identity::Refusal>::from(store())),
        Box::new(identity::HolderError::from(EntropyError(foreign.clone()))),
        Box::new(EntropyError(foreign.clone())),
        Box::new(NotifyError::unknown(Outer(Middle(std::fmt::Error)))),
    ];
    for error in &errors {
        let said = chain(&**error).join(": ");
        assert!(error.to_string().contains(&inner), "who prints the error alone has the reason: {error}");
        for part in ["the write failed", "the file was not written", &inner] {
            assert_eq!(said.matches(part).count(), 1, "{part:?} in {said:?}");
        }
    }
}

/// The errors of a source that give a field both in their text and as their source, as `file: field`.
fn repeated(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for after in text.split("#[error(").skip(1) {
        let (message, item) = after.split_once(")]\n").unwrap();
        // The fields: up to the end of the variant or struct, which rustfmt puts on a line of its own, or on the first line.
        let named = item.split_inclusive('\n').find(|line| !line.trim_start().starts_with(['#', '/'])).unwrap();
        let fields = if named.trim_end().ends_with('{') && !named.contains("enum ") {
            let indent = " ".repeat(named.len() - named.trim_start().len());
            let start = item.find(named).unwrap();
            item[start..].split(&format!("\n{indent}}}")).next().unwrap()
        } else {
            named
        };
        for mark in ["#[source]", "#[from]"] {
            for (before, rest) in fields.match_indices(mark).map(|(at, _)| fields.split_at(at)) {
                let rest = rest[mark.len()..].trim_start().trim_start_matches("pub ");
                let name = match rest.split_once(':') {
                    Some((name, _)) if fields.contains('{') => name.to_owned(),
                    _ => before.matches(", ").count().to_string(),
                };
                if message.contains(&format!("{{{name}}}")) || message.contains(&format!("{{{name}:")) {
                    found.push(format!("{named:?} says {name}"));
                }
            }
        }
    }
    found
}

#[test]
fn no_error_says_what_its_source_says() {
    for wrong in [
        "#[error(\"it failed: {0}\")]\nstruct Failed(#[source] Reason);\n",
        "    #[error(\"{0}: {1}\")]\n    Failed(String, #[from] Reason),\n",
        "    #[error(\"{at} {error:?}\")]\n    Failed {\n        /// Where.\n        at: u8,\n        #[source]\n        error: Reason,\n    },\n",
    ] {
        assert_eq!(repeated(wrong).len(), 1, "{wrong}");
    }
    let mut errors = 0;
    for entry in std::fs::read_dir(folder("..")).unwrap() {
        let below = entry.unwrap().path().join("src");
        for (path, text) in sources(below) {
            errors += text.matches("#[error(").count();
            assert_eq!(
                repeated(&text),
                [""; 0],
                "{path:?}: the text has the source, so `#[source]` or its part of the text goes"
            );
        }
    }
    assert!(errors > 150, "the sources were read: {errors}");
}
