//! Numbers against `phonenumbers`, the Python port of libphonenumber.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what fails here is a test")]

use std::collections::BTreeMap;

use identity_core::address::{Phone, PhoneError, Region};
use serde_json::{Value, json};

use crate::draw::{Draw, seeds};
use crate::python::{LATER_PLANS, PLANS, ask};

/// A text as somebody in a region, or nowhere in particular, types it.
#[derive(Clone, Debug)]
struct Typed {
    text: String,
    region: Option<String>,
}

impl Typed {
    fn read(&self) -> Result<Phone, PhoneError> {
        match &self.region {
            Some(region) => Phone::parse_in(&self.text, Region::parse(region).unwrap()),
            None => Phone::parse(&self.text),
        }
    }

    fn judged_by(plans: &str, texts: &[Self]) -> Vec<Value> {
        let requests: Vec<Value> =
            texts.iter().map(|typed| json!({ "phone": typed.text, "region": typed.region })).collect();
        ask(plans, &requests)
    }
}

fn examples() -> Vec<String> {
    let answers = ask(PLANS, &[json!({ "examples": true })]);
    let examples: Vec<String> = serde_json::from_value(answers[0].clone()).unwrap();
    assert!(examples.len() > 900, "{} examples", examples.len());
    examples
}

/// A number near one of the examples: some of its last digits drawn anew, at times one more or one fewer.
fn near(examples: &[String], draw: &mut Draw) -> String {
    let mut number = examples[draw.below(examples.len())].clone();
    let kept = number.len() - draw.below(number.len() - 3).min(9);
    let length = match draw.below(12) {
        0 => number.len() + 1,
        1 => number.len() - 1,
        _ => number.len(),
    };
    number.truncate(kept.min(length));
    while number.len() < length {
        number.push(char::from(b'0' + u8::try_from(draw.below(10)).unwrap()));
    }
    number
}

/// Digits after a country code that need not exist.
fn anywhere(draw: &mut Draw) -> String {
    let mut number = "+".to_owned();
    for _ in 0..draw.below(17) + 1 {
        number.push(char::from(b'0' + u8::try_from(draw.below(10)).unwrap()));
    }
    number
}

/// What a careless hand or a form's mask does to a number: pieces are put in, taken out and said twice.
fn mangled(text: &str, draw: &mut Draw) -> String {
    const PIECES: [&str; 16] =
        ["0", "1", "8", "00", "(0)", "+", " ", "-", "011", "tel:", ".", "/", "\u{ff0b}", "\u{661}", ")", "9"];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..draw.below(3) + 1 {
        let at = draw.below(chars.len() + 1);
        match draw.below(3) {
            0 if at < chars.len() => {
                chars.remove(at);
            }
            1 if at + 1 < chars.len() => chars.swap(at, at + 1),
            _ => {
                chars.splice(at..at, draw.of(&PIECES).chars());
            }
        }
    }
    chars.into_iter().collect()
}

/// The oracle's verdict on the canonical form alone: digits of the right number, valid, and written just so.
fn strict<'a>(text: &str, judged: &'a Value) -> Option<&'a Value> {
    let digits = text.strip_prefix('+')?;
    let canonical = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    (canonical && judged["e164"] == text).then_some(judged)
}

fn agrees(phone: &Phone, judged: &Value) -> bool {
    let number_type = format!("{:?}", phone.number_type());
    let theirs = judged["type"].as_str().unwrap_or_default().replace('_', "").to_lowercase();
    judged["e164"] == phone.as_str()
        && theirs == number_type.to_lowercase()
        && judged["region"] == phone.country().map_or("001", Region::as_str)
}

#[test]
fn c28_the_canonical_form_is_valid_exactly_where_the_oracle_says_so() {
    let examples = examples();
    for seed in seeds("c28, canonical form") {
        let mut draw = Draw::new(seed);
        let mut texts = examples.clone();
        texts.extend((0..4_000).map(|_| near(&examples, &mut draw)));
        texts.extend((0..1_000).map(|_| anywhere(&mut draw)));
        let typed: Vec<Typed> = texts.iter().map(|text| Typed { text: text.clone(), region: None }).collect();
        let mut valid = 0;
        for (text, judged) in texts.iter().zip(Typed::judged_by(PLANS, &typed)) {
            match (Phone::from_e164(text), strict(text, &judged)) {
                (Ok(phone), Some(judged)) => {
                    assert!(agrees(&phone, judged), "{text}: {:?} {judged}", phone.number_type());
                    assert_eq!(phone.as_str(), text);
                    valid += 1;
                }
                (Err(_), None) => {}
                (ours, _) => panic!("{text}: {ours:?}, and the oracle says {judged}"),
            }
        }
        assert!(valid > 2_000 && texts.len() - valid > 1_000, "{valid} of {} are valid", texts.len());
    }
}

/// Numbers in all the forms that people write them in, and those forms mangled.
fn human(examples: &[String], draw: &mut Draw) -> (Vec<(String, Typed)>, Vec<Typed>) {
    let drawn: Vec<String> = (0..1_500).map(|_| near(examples, draw)).filter(|n| Phone::from_e164(n).is_ok()).collect();
    assert!(drawn.len() > 500, "{} numbers", drawn.len());
    let requests: Vec<Value> = drawn.iter().map(|number| json!({ "forms": number })).collect();
    let mut forms = Vec::new();
    for answer in ask(PLANS, &requests) {
        for (name, text, region) in serde_json::from_value::<Vec<(String, String, Option<String>)>>(answer).unwrap() {
            forms.push((name, Typed { text, region }));
        }
    }
    let mangled = (0..4_000)
        .map(|_| {
            let typed = &forms[draw.below(forms.len())].1;
            Typed { text: mangled(&typed.text, draw), region: typed.region.clone() }
        })
        .collect();
    (forms, mangled)
}

#[test]
fn c28_a_number_as_people_write_it_is_never_another_number() {
    let examples = examples();
    for seed in seeds("c28, human forms") {
        let (forms, mangled) = human(&examples, &mut Draw::new(seed));
        let mut read: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let typed: Vec<Typed> = forms.iter().map(|(_, typed)| typed.clone()).collect();
        for ((form, typed), judged) in forms.iter().zip(Typed::judged_by(PLANS, &typed)) {
            let ours = typed.read();
            let (same, all) = read.entry(form).or_default();
            *same += usize::from(ours.as_ref().ok().map(Phone::as_str) == judged["e164"].as_str());
            *all += 1;
            if let Ok(phone) = ours {
                assert!(agrees(&phone, &judged), "{typed:?}: {}, and the oracle says {judged}", phone.as_str());
                assert_eq!(phone.typed(), typed.text);
            }
        }
        assert!(read.len() >= 9, "{read:?}");
        for (form, (same, all)) in &read {
            assert!(same * 1000 >= all * 995, "{form}: {same} of {all} are read as the oracle reads them");
        }
        let mut accepted = 0;
        for (typed, judged) in mangled.iter().zip(Typed::judged_by(PLANS, &mangled)) {
            if let Ok(phone) = typed.read() {
                assert!(agrees(&phone, &judged), "{typed:?}: {}, and the oracle says {judged}", phone.as_str());
                accepted += 1;
            }
        }
        assert!(accepted > 200, "{accepted} of {} mangled texts are numbers", mangled.len());
    }
}

#[test]
fn c28_later_plans_make_no_other_number_of_a_text() {
    let examples = examples();
    for seed in seeds("c28, later plans") {
        let (forms, mangled) = human(&examples, &mut Draw::new(seed));
        let texts: Vec<Typed> = forms.into_iter().map(|(_, typed)| typed).chain(mangled).collect();
        let (mut same, mut gone) = (0_usize, 0_usize);
        for (typed, judged) in texts.iter().zip(Typed::judged_by(LATER_PLANS, &texts)) {
            match (typed.read(), judged["e164"].as_str()) {
                (Ok(phone), Some(theirs)) => {
                    assert_eq!(phone.as_str(), theirs, "{typed:?}");
                    same += 1;
                }
                // Later plans have withdrawn the number; it is still not another's.
                (Ok(_), None) => gone += 1,
                (Err(_), _) => {}
            }
        }
        assert!(same > 3_000 && gone * 50 < same, "{same} are the same, {gone} were withdrawn");
    }
}
