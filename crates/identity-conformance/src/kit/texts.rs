//! Texts that only a comparison of all bytes tells apart.

/// Pairs of a tenant and of a user's id, a claim key or the name of a budget: no two are equal, but a store that cuts, folds,
/// trims or converts a text, or joins two of them without escaping the separator, takes some of them for the same.
#[must_use]
pub fn lookalikes() -> Vec<(String, String)> {
    // The longest ids have 200 characters, of at most four bytes each. Two of them differ in the last character only.
    let long = ["x", "\u{e9}", "\u{1f600}"].map(|letter| letter.repeat(199));
    let mut texts: Vec<String> = long.iter().flat_map(|long| [format!("{long}1"), format!("{long}2")]).collect();
    let short = [
        ["ada", "Ada"],
        ["ada ", " ada"],
        ["ad_", "ad%"],
        ["a*a", "a?a"],
        ["\u{430}da", "\u{ff41}da"],
        ["ad\u{e1}", "ada\u{301}"],
        ["\u{fb01}", "fi"],
        ["\u{df}", "ss"],
        ["k", "\u{212a}"],
        ["\u{3c3}", "\u{3c2}"],
        ["1", "01"],
        ["\u{2460}", "1.0"],
        ["null", "NULL"],
    ];
    texts.extend(short.as_flattened().iter().map(|text| (*text).to_owned()));
    let mut pairs: Vec<(String, String)> = Vec::new();
    for text in texts {
        pairs.push((text.clone(), "ada".to_owned()));
        pairs.push(("acme".to_owned(), text));
    }
    for separator in ["", ":", "/", "|", "-", "_", ".", " "] {
        // The name of a kind may stand between the two.
        for middle in ["b", "country", "username"] {
            pairs.push(("a".to_owned(), format!("{middle}{separator}c")));
            pairs.push((format!("a{separator}{middle}"), "c".to_owned()));
        }
    }
    pairs.sort();
    pairs.dedup();
    pairs
}
