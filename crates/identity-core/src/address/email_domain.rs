//! Converts the domains of e-mail addresses from the typed form to lower-case A-labels, or refuses them.

use std::borrow::Cow;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use super::confusable_chars::{category, screen};
use super::email_error::EmailError;

const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// The domain as lower-case A-labels, or the rule that it breaks.
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

/// Checks the labels of an ASCII domain: only letters, digits and hyphens (RFC 1123 section 2.1); no hyphen at either
/// end; no hyphens in the third and fourth place except in A-labels (RFC 5891 section 4.2.3.1); the limits of length;
/// at least two labels; and a last label that is not a number.
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
    // An A-label stands for exactly one U-label, which is not ASCII (RFC 5890 section 2.3.2.1).
    let pairs = ascii.split('.').zip(unicode.split('.'));
    if pairs.into_iter().any(|(a, u)| is_a_label(a) == u.is_ascii()) || to_ascii(&unicode)? != ascii {
        return Err(EmailError::InternationalDomain);
    }
    screen(&unicode)?;
    if unicode.split('.').all(is_u_label) { Ok(ascii) } else { Err(EmailError::InternationalDomain) }
}

/// The text to which UTS 46 maps a single character.
fn mapped(c: char) -> String {
    let text = c.encode_utf8(&mut [0; 4]).to_owned();
    Uts46::new().to_unicode(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow).0.into_owned()
}

/// Whether UTS 46 or NFKC maps `c` to ASCII, in whole or in part. This holds for full-width and mathematical letters,
/// ligatures, circled letters and the ideographic full stops. The stored name would differ from the typed one.
fn is_ascii_twin(c: char) -> bool {
    !c.is_ascii() && (mapped(c).bytes().any(|b| b.is_ascii()) || std::iter::once(c).nfkc().any(|n| n.is_ascii()))
}

/// Whether `c` is not a letter and UTS 46 maps it to one. This holds for the combining iota below (U+0345), circled
/// ideographs and kana, squared words, and the signs for eras and months. The stored name would differ from the typed
/// one.
fn becomes_letter(c: char) -> bool {
    let is_letter = |c| GeneralCategoryGroup::Letter.contains(category(c));
    !c.is_ascii() && !is_letter(c) && mapped(c).chars().any(is_letter)
}

/// Whether RFC 5892 permits every code point of the label. UTS 46 is wider: it lets symbols, emoji and punctuation
/// pass. Case, compatibility forms, hyphens, leading marks and directionality have been checked before.
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
        // RFC 5892 appendix A.3 to A.7: permitted in certain contexts.
        '\u{B7}' => before == Some('l') && after == Some('l'),
        '\u{375}' => after.is_some_and(|n| script(n) == Script::Greek),
        '\u{5F3}' | '\u{5F4}' => before.is_some_and(|n| script(n) == Script::Hebrew),
        '\u{30FB}' => label.iter().any(|&n| matches!(script(n), Script::Hiragana | Script::Katakana | Script::Han)),
        // Section 2.6: the exceptions, first the permitted ones, then those that are not.
        '\u{6FD}' | '\u{6FE}' | '\u{F0B}' | '\u{3007}' => true,
        '\u{640}' | '\u{7FA}' | '\u{302E}' | '\u{302F}' | '\u{3031}'..='\u{3035}' | '\u{303B}' => false,
        // Not permitted: old Hangul jamo (section 2.9); marks for symbols and musical notation (section 2.4).
        '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97F}' | '\u{D7B0}'..='\u{D7FF}' => false,
        '\u{20D0}'..='\u{20FF}' | '\u{1D100}'..='\u{1D24F}' => false,
        _ => matches!(
            category(c),
            // UTS 46 has mapped capitals to small letters, except in Cherokee, where it maps small letters to capitals.
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
