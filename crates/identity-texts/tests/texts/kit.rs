//! Notices of every kind, made of the library's own parts.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

#[path = "../../../identity-core/tests/kit/corpora.rs"]
mod corpora;
#[path = "../../../identity-core/tests/kit/naughty.rs"]
mod naughty_strings;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use identity_core::{
    Address, Challenge, Code, CodeFormat, CodeKeys, Content, Email, IdentifierId, LinkToken, Message, NoticeKind,
    Phone, ProofBy, Purpose, Seed, TenantId, Timestamp, UserId, UserKey,
};
use identity_ports::{Clock, Notice};
use identity_texts::{Brand, Kind, Links, Texts, TextsBuilder};

pub(crate) use corpora::corpus;
pub(crate) use naughty_strings::naughty;

pub(crate) const LANGUAGES: [&str; 6] = ["ar", "de", "en", "es", "fr", "ja"];
/// 21 November 2026, 05:24 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_238_640);

/// A clock that stands.
pub(crate) struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn monotonic(&self) -> Duration {
        std::time::Duration::ZERO
    }
}

pub(crate) fn brand_links() -> Links {
    Links::new("https://example.com/confirm").unwrap()
}

pub(crate) fn brand() -> Brand {
    Brand::new("Example", brand_links())
}

pub(crate) fn builder() -> TextsBuilder {
    Texts::builder(brand(), Standing)
}

pub(crate) fn texts() -> Texts {
    static TEXTS: LazyLock<Texts> = LazyLock::new(|| builder().build().unwrap());
    TEXTS.clone()
}

pub(crate) fn email(text: &str) -> Address {
    Email::parse(text).unwrap().into()
}

pub(crate) fn phone() -> Address {
    Phone::parse("+44 1514 960453").unwrap().into()
}

/// A notice of a kind to an address, about another one.
pub(crate) fn notice(kind: Kind, to: &Address, about: &Address, locale: Option<&str>) -> Notice {
    notice_with(kind, to, about, locale, Duration::from_secs(600))
}

pub(crate) fn notice_with(kind: Kind, to: &Address, about: &Address, locale: Option<&str>, life: Duration) -> Notice {
    let keys = CodeKeys::parse(&"5a".repeat(32)).unwrap();
    let seed = Seed::new([7; 32]);
    let identifier = IdentifierId::from_uuid(seed.uuid(NOW, 1));
    let what = match kind {
        kind if !kind.is_notice() => None,
        Kind::Added => Some(NoticeKind::Added),
        Kind::Verified => Some(NoticeKind::Verified),
        Kind::MadePrimary => Some(NoticeKind::MadePrimary),
        Kind::Removed => Some(NoticeKind::Removed),
        Kind::Replaced => Some(NoticeKind::Replaced),
        Kind::Scheduled => Some(NoticeKind::Scheduled),
        Kind::Undone => Some(NoticeKind::Undone),
        Kind::Contested => Some(NoticeKind::Contested),
        Kind::ContestEnded => Some(NoticeKind::ContestEnded),
        Kind::Unverified => Some(NoticeKind::Unverified),
        _ => unreachable!("the others are no notices"),
    };
    let proof = match kind {
        Kind::Link | Kind::SignInLink => ProofBy::Link,
        Kind::CodeAndLink | Kind::SignInCodeAndLink => ProofBy::Either,
        _ => ProofBy::Code,
    };
    let challenge = Challenge {
        nonce: seed.nonce(0),
        key: keys.current().clone(),
        purpose: match kind {
            Kind::SignInCode | Kind::SignInLink | Kind::SignInCodeAndLink => Purpose::SignIn,
            Kind::StepUpCode => Purpose::StepUp,
            _ => Purpose::Verification,
        },
        proof,
        format: CodeFormat::new(6, identity_core::Alphabet::Digits).unwrap(),
        issued_at: NOW,
        expires_at: NOW + life,
        tries: 5,
        failed: 0,
        hint: None,
    };
    let content = match what {
        None => Content::Challenge { identifier, challenge },
        Some(what) => Content::Notice {
            what,
            about: about.clone(),
            event: Some(7).filter(|_| !matches!(what, NoticeKind::Undone | NoticeKind::ContestEnded)),
        },
    };
    let message = Message {
        id: seed.uuid(NOW, 2).into(),
        key: UserKey {
            tenant: TenantId::default(),
            user: UserId::parse("6f9619ff-8b86-4d01-b42d-00cf4fc964ff").unwrap(),
        },
        to: to.clone(),
        content,
        locale: locale.map(Into::into),
        created_at: NOW,
        expires_at: NOW + life,
    };
    let (code, link): (Option<Code>, Option<LinkToken>) = (message.code(&keys), message.link(&keys));
    let ticket = keys.ticket(message.id);
    let disavowal = message.disavowal(&keys);
    Notice { message: Arc::new(message), code, link, disavowal, provider: None, attempts: 1, uncertain: 0, ticket }
}
