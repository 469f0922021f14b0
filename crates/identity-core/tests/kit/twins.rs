//! The code points that some mapping of Unicode takes to ASCII.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

/// Every code point outside ASCII that upper case, lower case and NFKC, applied up to four times in any order, take to
/// printable ASCII, with the ASCII texts that are reached. Case folding is among them: it is what upper case and then
/// lower case make of a letter, or less.
pub(crate) fn ascii_twins() -> Vec<(char, BTreeSet<String>)> {
    let is_mapped = |c: char| {
        let alone = [c];
        !(c.to_uppercase().eq(alone) && c.to_lowercase().eq(alone) && std::iter::once(c).nfkc().eq(alone))
    };
    let mapped = ('\u{80}'..=char::MAX).filter(|c| is_mapped(*c));
    mapped.map(|c| (c, reached(c))).filter(|(_, ascii)| !ascii.is_empty()).collect()
}

fn reached(c: char) -> BTreeSet<String> {
    let mut all = BTreeSet::from([c.to_string()]);
    for _ in 0..4 {
        let mapped: Vec<String> =
            all.iter().flat_map(|text| [text.to_uppercase(), text.to_lowercase(), text.nfkc().collect()]).collect();
        let before = all.len();
        all.extend(mapped);
        if all.len() == before {
            break;
        }
    }
    let printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    all.into_iter().filter(|text| printable(text)).collect()
}
