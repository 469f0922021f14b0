//! Domains of e-mail addresses: what was typed to lower-case A-labels, or a reason.

use std::borrow::Cow;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use super::confusable_chars::{category, screen};
use super::email_error::EmailError;

const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// The domain as lower-case A-labels.
pub(super) fn to_a_labels(typed: &str) -> Result<Cow<'_, str>, EmailError> {
    let ascii = if typed.is_ascii() && !has_a_label(typed) { lower(typed) } else { Cow::Owned(international(typed)?) };
    check_labels(&ascii)?;
    Ok(ascii)
}

/// The domain as U-labels, for people to read and for script checks.
pub(super) fn to_u_labels(a_labels: &str) -> Cow<'_, str> {
    if !has_a_label(a_labels) {
        return Cow::Borrowed(a_labels);
    }
    Uts46::new().to_unicode(a_labels.as_bytes(), AsciiDenyList::STD3, Hyphens::Check).0
}

fn lower(ascii: &str) -> Cow<'_, str> {
    if ascii.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(ascii.to_ascii_lowercase())
    } else {
        Cow::Borrowed(ascii)
    }
}

fn has_a_label(domain: &str) -> bool {
    domain.split('.').any(is_a_label)
}

fn is_a_label(label: &str) -> bool {
    label.as_bytes().first_chunk::<4>().is_some_and(|head| head.eq_ignore_ascii_case(b"xn--"))
}

/// Letters, digits and hyphens (RFC 1123 section 2.1), no hyphen at an end or in third and fourth place but for A-labels
/// (RFC 5891 section 4.2.3.1), lengths, at least two labels, and the last one no number.
fn check_labels(ascii: &str) -> Result<(), EmailError> {
    let mut count = 0_usize;
    let mut numeric = false;
    for label in ascii.split('.') {
        let bytes = label.as_bytes();
        if bytes.is_empty() || bytes.first() == Some(&b'-') || bytes.last() == Some(&b'-') {
            return Err(EmailError::Domain);
        }
        if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
            return Err(EmailError::Domain);
        }
        if bytes.get(2..4) == Some(b"--") && !is_a_label(label) {
            return Err(EmailError::Domain);
        }
        if bytes.len() > MAX_LABEL {
            return Err(EmailError::LabelTooLong);
        }
        count += 1;
        numeric = bytes.iter().all(u8::is_ascii_digit);
    }
    match () {
        () if ascii.len() > MAX_DOMAIN => Err(EmailError::DomainTooLong),
        () if count < 2 => Err(EmailError::SingleLabel),
        () if numeric => Err(EmailError::NumericTopLevel),
        () => Ok(()),
    }
}

fn international(typed: &str) -> Result<String, EmailError> {
    screen(typed)?;
    if typed.chars().any(is_ascii_twin) {
        return Err(EmailError::DomainAsciiTwin);
    }
    if typed.chars().any(becomes_letter) {
        return Err(EmailError::InternationalDomain);
    }
    let uts46 = Uts46::new();
    let to_ascii = |text: &str| {
        uts46
            .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Ignore)
            .map(Cow::into_owned)
            .map_err(|_| EmailError::InternationalDomain)
    };
    let ascii = to_ascii(typed)?;
    let (unicode, outcome) = uts46.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    outcome.map_err(|_| EmailError::InternationalDomain)?;
    // An A-label stands for exactly one U-label, and that one is not ASCII (RFC 5890 section 2.3.2.1).
    let pairs = ascii.split('.').zip(unicode.split('.'));
    if pairs.into_iter().any(|(a, u)| is_a_label(a) == u.is_ascii()) || to_ascii(&unicode)? != ascii {
        return Err(EmailError::InternationalDomain);
    }
    screen(&unicode)?;
    if unicode.split('.').all(is_u_label) { Ok(ascii) } else { Err(EmailError::InternationalDomain) }
}

/// What UTS 46 makes of one character.
fn mapped(c: char) -> String {
    let text = c.encode_utf8(&mut [0; 4]).to_owned();
    Uts46::new().to_unicode(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow).0.into_owned()
}

/// Whether UTS 46 or NFKC reads `c` as ASCII, in whole or in part: full-width and mathematical letters, ligatures,
/// circled letters, the ideographic full stops. The person who types one means another name than the one that would be
/// stored.
fn is_ascii_twin(c: char) -> bool {
    !c.is_ascii() && (mapped(c).bytes().any(|b| b.is_ascii()) || std::iter::once(c).nfkc().any(|n| n.is_ascii()))
}

/// Whether UTS 46 makes a letter of `c`, which is none: the combining iota below (U+0345), circled ideographs and kana,
/// squared words, the names of eras and months. The name stored would not be the one that was typed.
fn becomes_letter(c: char) -> bool {
    let is_letter = |c| GeneralCategoryGroup::Letter.contains(category(c));
    !c.is_ascii() && !is_letter(c) && mapped(c).chars().any(is_letter)
}

/// The code points that RFC 5892 permits, where UTS 46 is wider (symbols, emoji, punctuation). Case, compatibility
/// forms, hyphens, leading marks and directionality are settled by then.
fn is_u_label(label: &str) -> bool {
    let chars: Vec<char> = label.chars().collect();
    let arabic = chars.iter().any(|c| matches!(c, '\u{660}'..='\u{669}'));
    let extended = chars.iter().any(|c| matches!(c, '\u{6F0}'..='\u{6F9}'));
    if arabic && extended {
        return false;
    }
    chars.iter().enumerate().all(|(at, &c)| c.is_ascii() || is_permitted(&chars, at, c))
}

fn is_permitted(label: &[char], at: usize, c: char) -> bool {
    use GeneralCategory as G;
    let before = at.checked_sub(1).and_then(|i| label.get(i)).copied();
    let after = label.get(at + 1).copied();
    match c {
        // RFC 5892 appendix A.3 to A.7: permitted in context.
        '\u{B7}' => before == Some('l') && after == Some('l'),
        '\u{375}' => after.is_some_and(|n| script(n) == Script::Greek),
        '\u{5F3}' | '\u{5F4}' => before.is_some_and(|n| script(n) == Script::Hebrew),
        '\u{30FB}' => label.iter().any(|&n| matches!(script(n), Script::Hiragana | Script::Katakana | Script::Han)),
        // Section 2.6: exceptions that are permitted, and exceptions that are not.
        '\u{6FD}' | '\u{6FE}' | '\u{F0B}' | '\u{3007}' => true,
        '\u{640}' | '\u{7FA}' | '\u{302E}' | '\u{302F}' | '\u{3031}'..='\u{3035}' | '\u{303B}' => false,
        // Section 2.9: old Hangul jamo; section 2.4: marks for symbols, musical notation.
        '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97F}' | '\u{D7B0}'..='\u{D7FF}' => false,
        '\u{20D0}'..='\u{20FF}' | '\u{1D100}'..='\u{1D24F}' => false,
        _ => matches!(
            category(c),
            // Capitals are mapped to small letters by now, but for the Cherokee ones, to which theirs are mapped.
            G::LowercaseLetter
                | G::UppercaseLetter
                | G::OtherLetter
                | G::ModifierLetter
                | G::NonspacingMark
                | G::SpacingMark
                | G::DecimalNumber
        ),
    }
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c23_context_rules_of_rfc_5892_hold() {
        for domain in ["col·lega.cat", "ドメイン・名.jp", "עלי׳.com", "͵α.gr", "straße.de", "faß.de"] {
            assert!(to_a_labels(domain).is_ok(), "{domain}: {:?}", to_a_labels(domain));
        }
        for domain in ["a·b.cat", "a・b.jp", "׳a.com", "α͵.gr", "٠۰.com", "😀.com", "a€b.com", "a♥.com", "ᄀ.com"]
        {
            assert!(to_a_labels(domain).is_err(), "{domain}");
        }
    }

    #[test]
    fn c23_fake_and_ascii_only_a_labels_are_refused() {
        for domain in [
            "xn--a.com",
            "xn--.com",
            "xn--abc-.com",
            "xn---.com",
            "xn--example-.com",
            "xn--a-ecp.ru",
            "xn--xn--a--gua.com",
            "xn--zzzzzzzzzzzzzz99999.com",
            "xn--ls8h.com",
        ] {
            assert!(to_a_labels(domain).is_err(), "{domain}: {:?}", to_a_labels(domain));
        }
    }

    #[test]
    fn the_fast_path_agrees_with_uts_46_on_ascii() {
        let names =
            ["example.com", "EXAMPLE.Com", "a-b.co-uk", "c--n.com", "ab--c.com", "-a.com", "a-.com", "a_b.com", "a..b"];
        for name in names {
            let strict = idna::domain_to_ascii_strict(name).ok();
            assert_eq!(to_a_labels(name).ok().map(Cow::into_owned), strict, "{name}");
        }
    }
}
