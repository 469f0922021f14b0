//! Reduces what a person types to a plus sign and ASCII digits, and refuses everything that could change the number.

use super::PhoneError;

/// The maximum length of the input in bytes. It has room for 15 digits of four bytes each and as many separators;
/// libphonenumber's limit is 250 characters.
pub(super) const MAX_INPUT: usize = 250;

/// A typed number without its punctuation.
#[derive(Debug, PartialEq)]
pub(super) struct Folded {
    pub(super) plus: bool,
    /// ASCII digits, at least one.
    pub(super) digits: String,
}

pub(super) fn fold(text: &str) -> Result<Folded, PhoneError> {
    if text.len() > MAX_INPUT {
        return Err(PhoneError::TooLong);
    }
    let text = without_scheme(text.trim_start_matches(is_space));
    let mut folded = Folded { plus: false, digits: String::with_capacity(20) };
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        if let Some(digit) = digit(c) {
            folded.digits.push(digit);
            at_start = false;
        } else if matches!(c, '+' | '\u{ff0b}') {
            if !at_start {
                return Err(PhoneError::MisplacedPlus);
            }
            folded.plus = true;
            at_start = false;
        } else if is_separator(c) {
            // A parenthesis may precede the plus, as in "(+44) 20"; other separators may not.
            at_start &= is_space(c) || matches!(c, '(' | '\u{ff08}');
        } else {
            return Err(refusal(c, text.get(at..).unwrap_or_default(), !folded.digits.is_empty()));
        }
    }
    if folded.digits.is_empty() { Err(PhoneError::Empty) } else { Ok(folded) }
}

/// The text without the scheme of RFC 3966 clause 3; schemes are not case-sensitive (RFC 3986 clause 3.1).
fn without_scheme(text: &str) -> &str {
    match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => rest,
        _ => text,
    }
}

/// The reason for refusing `c`, with which `rest` begins.
pub(super) fn refusal(c: char, rest: &str, after_digits: bool) -> PhoneError {
    match c {
        ';' | '\u{ff1b}' => PhoneError::Parameter,
        '#' | '*' | ',' | '~' | '\u{ff03}' | '\u{ff0a}' | '\u{ff0c}' | '\u{ff5e}' => PhoneError::Extension,
        c if c.is_alphabetic() => {
            let word: String = rest.chars().take_while(|c| c.is_alphabetic()).take(12).collect();
            let extension = ["x", "ext", "extn", "extension"].contains(&word.to_lowercase().as_str());
            if extension && after_digits { PhoneError::Extension } else { PhoneError::Letters }
        }
        c => PhoneError::Character(c),
    }
}

/// Whether `c` is a hyphen or a dash, or a minus sign that stands for one.
pub(crate) const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

/// Whether `c` is a space. Other white space is a control character or does not occur in numbers.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{3000}')
}

/// Whether `c` is punctuation that people write between digits, in its ASCII, typographic or full-width form.
fn is_separator(c: char) -> bool {
    is_space(c)
        || is_hyphen(c)
        || matches!(c, '.' | '\u{ff0e}' | '/' | '\u{ff0f}' | '(' | ')' | '\u{ff08}' | '\u{ff09}')
}

/// The ASCII digit of the same value, if `c` is a decimal digit of any script (general category Nd).
pub(crate) fn digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let at = ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?;
    let value = u32::from(c) - u32::from(*ZEROS.get(at)?);
    char::from_digit(value, 10)
}

/// The digit zero of every script in Unicode 16; the other nine digits follow each zero.
#[rustfmt::skip]
const ZEROS: [char; 75] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}',
    '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}', '\u{104a0}', '\u{10d30}',
    '\u{10d40}', '\u{11066}', '\u{110f0}', '\u{11136}', '\u{111d0}', '\u{112f0}', '\u{11450}', '\u{114d0}',
    '\u{11650}', '\u{116c0}', '\u{116d0}', '\u{116da}', '\u{11730}', '\u{118e0}', '\u{11950}', '\u{11bf0}',
    '\u{11c50}', '\u{11d50}', '\u{11da0}', '\u{11f50}', '\u{16130}', '\u{16a60}', '\u{16ac0}', '\u{16b50}',
    '\u{16d70}', '\u{1ccf0}', '\u{1d7ce}', '\u{1d7d8}', '\u{1d7e2}', '\u{1d7ec}', '\u{1d7f6}', '\u{1e140}',
    '\u{1e2f0}', '\u{1e4f0}', '\u{1e5f1}', '\u{1e950}', '\u{1fbf0}',
];

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Result<String, PhoneError> {
        fold(text).map(|folded| format!("{}{}", if folded.plus { "+" } else { "" }, folded.digits))
    }

    #[test]
    fn zeros_are_those_of_every_script() {
        // The value of a digit is its distance from its zero, so the ten digits must be adjacent and no zero may be
        // missing.
        assert!(ZEROS.is_sorted());
        let decimal = decimal_digits();
        let ours: Vec<char> = ('\u{80}'..=char::MAX).filter(|c| digit(*c).is_some()).collect();
        assert_eq!(ours, decimal);
    }

    /// The characters of general category Nd, by the tables of the crate `regex`.
    fn decimal_digits() -> Vec<char> {
        let class = regex::Regex::new(r"^\p{Nd}$").unwrap();
        ('\u{80}'..=char::MAX).filter(|c| class.is_match(c.encode_utf8(&mut [0; 4]))).collect()
    }

    #[test]
    fn separators_go_and_digits_of_every_script_stay() {
        assert_eq!(digits("+44 (0)1514-96.04/53").unwrap(), "+4401514960453");
        assert_eq!(digits("\u{a0}(+44)\u{a0}1514\u{2010}960453 ").unwrap(), "+441514960453");
        assert_eq!(digits("+\u{664}\u{664} \u{ff11}").unwrap(), "+441");
        assert_eq!(digits("TEL:+44-1514").unwrap(), "+441514");
    }

    #[test]
    fn what_could_change_the_number_is_refused() {
        for (text, error) in [
            ("", PhoneError::Empty),
            ("+", PhoneError::Empty),
            ("tel:", PhoneError::Empty),
            ("1-800-FLOWERS", PhoneError::Letters),
            ("+44 1514 960453 x12", PhoneError::Extension),
            ("+44 1514 960453 Ext. 12", PhoneError::Extension),
            ("+44 1514 960453#1", PhoneError::Extension),
            ("tel:960453;phone-context=+441514", PhoneError::Parameter),
            ("44+1514", PhoneError::MisplacedPlus),
            ("++44", PhoneError::MisplacedPlus),
            ("-+44", PhoneError::MisplacedPlus),
            ("+44\n1514", PhoneError::Character('\n')),
            ("\u{202a}+44", PhoneError::Character('\u{202a}')),
            ("+\u{2460}", PhoneError::Character('\u{2460}')),
        ] {
            assert_eq!(digits(text), Err(error), "{text:?}");
        }
    }
}
