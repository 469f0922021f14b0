#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::time::Duration;

use identity_texts::{Encoding, Kind};

use crate::kit::{LANGUAGES, brand, builder, corpus, email, notice, notice_with, phone, texts};

#[test]
fn every_text_message_in_every_language_is_one_message() {
    let texts = texts();
    let about = [email("other@a-rather-long-name.accounts.example.net"), phone(), email("ə@example.net")];
    for language in LANGUAGES {
        for kind in Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Link | Kind::SignInLink)) {
            for about in &about {
                for seconds in [30, 120, 600, 660, 3_600, 86_400, 259_200] {
                    let life = Duration::from_secs(seconds);
                    let sms = texts.sms(&notice_with(kind, &phone(), about, Some(language), life)).unwrap();
                    let gsm7 = !matches!(language, "ar" | "ja");
                    assert_eq!(sms.room.encoding == Encoding::Gsm7, gsm7, "{language} {kind:?}: {}", sms.text);
                    assert!(sms.room.units <= if gsm7 { 160 } else { 70 }, "{language} {kind:?}: {}", sms.text);
                }
            }
        }
    }
}

/// Reads a message as the format says (WICG, origin-bound one-time codes, 3.2): the last line alone, host and code with one space
/// between, perhaps an embedded host behind one more.
fn origin_bound(message: &str) -> Option<(&str, &str, Option<&str>)> {
    let (line, above) = message.rsplit_once('\n').map_or((message, None), |(above, line)| (line, Some(above)));
    above?;
    let mut fields = line.split(' ');
    let host = fields.next()?.strip_prefix('@')?;
    let code = fields.next()?.strip_prefix('#')?;
    let embedded = fields.next().and_then(|field| field.strip_prefix('@'));
    (!host.is_empty() && !code.is_empty()).then_some((host, code, embedded))
}

#[test]
fn c61_the_reader_of_these_tests_reads_the_format() {
    for (message, expected) in [
        ("Your code is 123456.\n\n@example.com #123456", Some(("example.com", "123456", None))),
        ("One line.\n@login.example.com #a1-B2", Some(("login.example.com", "a1-B2", None))),
        ("\n@example.com #1 @pay.example.org", Some(("example.com", "1", Some("pay.example.org")))),
        ("Code\n@example.com #1 @pay.example.org %later", Some(("example.com", "1", Some("pay.example.org")))),
        ("@example.com #123456", None),
        ("Code 123456 @example.com #123456", None),
        ("Code\n@example.com #123456\n", None),
        ("Code\n@example.com #123456\nThank you", None),
        ("Code\n@example.com  #123456", None),
        ("Code\n @example.com #123456", None),
        ("Code\n#123456 @example.com", None),
        ("Code\nexample.com #123456", None),
        ("Code\n@example.com 123456", None),
        ("Code\n@ #123456", None),
        ("Code\n@example.com #", None),
    ] {
        assert_eq!(origin_bound(message), expected, "{message}");
    }
}

#[test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
fn corpora_c61_the_reader_of_these_tests_reads_the_format() {
    for row in corpus("sms_otc.tsv").lines().skip(1).filter(|row| !row.is_empty()) {
        let cells: Vec<&str> = row.split('\t').collect();
        let message: String = serde_json::from_str(&format!("\"{}\"", cells[0])).unwrap();
        let expected = (cells[1] != "FAIL").then(|| (cells[1], cells[2], (cells[3] != "-").then(|| cells[3])));
        let read = if message.contains('\n') { origin_bound(&message) } else { whole_line(&message) };
        assert_eq!(read, expected, "{message}");
    }
}

#[test]
fn c61_the_last_line_binds_the_code_to_the_host() {
    for language in LANGUAGES {
        for kind in [Kind::Code, Kind::CodeAndLink, Kind::SignInCode, Kind::SignInCodeAndLink, Kind::StepUpCode] {
            let notice = notice(kind, &phone(), &phone(), Some(language));
            let text = texts().sms(&notice).unwrap().text;
            let code = notice.code.as_ref().unwrap().reveal();
            assert_eq!(origin_bound(&text), Some(("example.com", code, None)), "{text}");
            assert!(text.ends_with(&format!("\n\n@example.com #{code}")), "{text}");
        }
        let link = texts().sms(&notice(Kind::Link, &phone(), &phone(), Some(language))).unwrap().text;
        assert_eq!(origin_bound(&link), None, "a link is no code");
    }
    let elsewhere = builder_for(brand().with_code_host("login.example.com"));
    let notice = notice(Kind::Code, &phone(), &phone(), None);
    assert!(elsewhere.sms(&notice).unwrap().text.contains("\n@login.example.com #"));
}

/// A message of one line is the line itself.
fn whole_line(message: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut fields = message.split(' ');
    let host = fields.next()?.strip_prefix('@')?;
    let code = fields.next()?.strip_prefix('#')?;
    Some((host, code, fields.next().and_then(|field| field.strip_prefix('@'))))
}

fn builder_for(brand: identity_texts::Brand) -> identity_texts::Texts {
    identity_texts::Texts::builder(brand, crate::kit::Standing).build().unwrap()
}

#[test]
fn a_code_that_does_not_fit_with_its_sentence_goes_without_it() {
    let texts = builder_for(brand().with_code_host("accounts.of-a-longer-name.example.com"));
    let fits = texts.sms(&notice(Kind::Code, &phone(), &phone(), Some("en"))).unwrap().text;
    assert!(fits.starts_with("Example: your code is "), "{fits}");
    let short = texts.sms(&notice(Kind::Code, &phone(), &phone(), Some("ja"))).unwrap();
    assert!(short.text.starts_with("Example: ") && !short.text.contains("確認"), "{}", short.text);
    assert_eq!(short.room.segments(), 1);
}

#[test]
fn a_template_cannot_lose_the_line_of_the_code() {
    let texts = builder().template("code/sms.txt", "{{ body }} Bye").build().unwrap();
    let notice = notice(Kind::Code, &phone(), &phone(), None);
    let code = notice.code.as_ref().unwrap().reveal().to_owned();
    assert!(texts.sms(&notice).unwrap().text.ends_with(&format!(" Bye\n\n@example.com #{code}")));
}
