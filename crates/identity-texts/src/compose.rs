//! From values to the text that goes out.

use std::sync::Arc;

use minijinja::context;

use crate::edition::{Edition, Language, Sheet};
use crate::values::{Apart, Values};
use crate::{Kind, Mail, Room, Sms, TextError};

/// How many parts a text message may have. A link is longer than one part by itself, and a notice has a sentence besides.
pub(crate) const fn most_segments(values: &Values) -> usize {
    match values.kind {
        Kind::Link | Kind::SignInLink => 4,
        _ if values.undo.is_some() => 5,
        _ => 1,
    }
}

pub(crate) fn mail(edition: &Edition, language: &Language, values: &Arc<Values>) -> Result<Mail, TextError> {
    let kind = values.kind;
    let arguments = values.arguments(language.apart());
    let say = |part: &str| language.say(&format!("{}-{part}", kind.slug()), &arguments);
    // What stands apart is marked in running text; a subject line is alone.
    let subject = language.say(&format!("{}-subject", kind.slug()), &values.arguments(Apart::Nothing))?;
    if subject.chars().any(char::is_control) {
        return Err(TextError::Subject(format!("{}-subject", kind.slug())));
    }
    let (title, mut lead) = (say("title")?, say("lead")?);
    if kind == Kind::Scheduled {
        lead = format!("{lead} {}", language.say("takes-effect", &arguments)?);
    }
    // Shown on locked screens beside the subject, so never the code.
    let preheader = if kind.is_notice() { lead.clone() } else { language.say("expiry", &arguments)? };
    let unasked = if kind.is_notice() { String::new() } else { language.say(kind.unasked(), &arguments)? };
    let sheet = Sheet { language, values, apart: language.apart() };
    let lay_out = |format: &str| {
        edition.lay_out(
            format,
            Some(kind),
            &sheet,
            context! {
                subject => subject.as_str(),
                title => title.as_str(),
                lead => lead.as_str(),
                preheader => preheader.as_str(),
                unasked => unasked.as_str(),
            },
        )
    };
    let (text, html) = (lay_out("mail.txt")?, lay_out("mail.html")?);
    Ok(Mail { subject, text, html, language: language.name.clone() })
}

pub(crate) fn sms(edition: &Edition, language: &Language, values: &Arc<Values>) -> Result<Sms, TextError> {
    // Who has the code needs no link, and both do not fit.
    let kind = match values.kind {
        Kind::CodeAndLink => Kind::Code,
        Kind::SignInCodeAndLink => Kind::SignInCode,
        kind => kind,
    };
    let apart = if language.right_to_left { Apart::Addresses } else { Apart::Nothing };
    let arguments = values.arguments(apart);
    let sheet = Sheet { language, values, apart };
    let written = |name: &str| -> Result<Sms, TextError> {
        let body = language.say(name, &arguments)?;
        let mut text = edition.lay_out("sms.txt", Some(kind), &sheet, context! { body })?.trim_end().to_owned();
        if let Some(undo) = &values.undo {
            text.push_str(&format!("\n{undo}"));
        }
        // Not a template's to change: a phone that reads this line offers the code on that host's pages alone.
        if let (true, Some(code)) = (kind.has_code(), &values.code) {
            text.push_str(&format!("\n\n@{} #{code}", edition.brand.code_host));
        }
        let room = Room::of(&text);
        Ok(Sms { text, room, language: language.name.clone() })
    };
    let sms = written(&format!("sms-{}", kind.slug()))?;
    if kind.has_code() && sms.room.segments() > 1 {
        return written("sms-code-short");
    }
    Ok(sms)
}

/// `text` without what does not print or turns the direction of what follows: each such character becomes a space.
pub(crate) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect()
}

/// The most letters of a masked address that a text message has room for.
pub(crate) const ABOUT: usize = 20;

/// A masked address for a text message: in letters that GSM-7 has, and of a long one its end, which is what the owner knows it by.
pub(crate) fn short(masked: &str) -> String {
    let plain = |c: char| if crate::gsm7::septets(c) == Some(1) { c } else { '*' };
    let letters: Vec<char> = masked.chars().map(plain).collect();
    match letters.len().checked_sub(ABOUT) {
        None | Some(0) => letters.into_iter().collect(),
        Some(more) => {
            let end = letters.iter().skip(more + 2);
            "..".chars().chain(end.copied()).collect()
        }
    }
}
