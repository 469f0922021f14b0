//! Texts that people and programs hand in: addresses, codes, tokens, tickets, times, cursors and settings.

use std::fmt::Display;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use host_kit::Database;
use identity::address::{EmailError, PhoneError, UnknownRegion, UsernameError};
use identity::delivery::DeliveryTicket;
use identity::disavowal::{DisavowError, DisavowToken};
use identity::history::{BadCursor, FeedCursor};
use identity::sign_in::{Login, SignInTicket};
use identity::{
    Address, Code, CodeError, CodeKeys, Email, HolderError, IdError, KeyError, LinkError, LinkToken, Phone, TenantId,
    Timestamp, UserId, Username,
};
use identity_core::{Region, TicketError, TimestampError};
use identity_sms_http::{CallbackError, TwilioCallbacks, WebhookCallbacks, WebhookSecret};
use identity_smtp::SmtpServer;
use identity_texts::{Links, client_language};
use zitadel_api::{AccessTokens, LinkOrigin, UrlTemplate};

use crate::kit::{KEY, NOW, PIECES, known, over, over_texts};

/// An error that is told to somebody, in a few words on one line.
trait Told: Display {
    fn slug(&self) -> &'static str {
        "has_none"
    }
}

macro_rules! told {
    ($($error:ty),+) => { $(impl Told for $error { fn slug(&self) -> &'static str { self.code() } })+ };
}

told!(EmailError, PhoneError, UsernameError, UnknownRegion, CodeError, KeyError, LinkError, DisavowError);
told!(TicketError, TimestampError, IdError, identity::address::AddressError);

impl Told for BadCursor {}

/// What is read can be written, and is read as the same again.
fn same<T, E: Told>(text: &str, read: impl Fn(&str) -> Result<T, E>, write: impl Fn(&T) -> String) {
    let value = match read(text) {
        Ok(value) => value,
        Err(error) => {
            let (slug, said) = (error.slug(), error.to_string());
            let is_slug = !slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let is_short = said.chars().count() <= 300 && !said.chars().any(char::is_control);
            assert!(is_slug && is_short, "{text:?}: {slug}: {said}");
            return;
        }
    };
    let written = write(&value);
    let Ok(again) = read(&written) else { panic!("{text:?} is read, and {written:?} is not") };
    assert_eq!(write(&again), written, "{text:?}");
    assert!(written.len() <= 3 * text.len() + 64, "{} octets are made of {}", written.len(), text.len());
}

fn addresses(text: &str) {
    same(text, Email::parse, |email| email.as_str().to_owned());
    same(text, Username::parse, |name| name.as_str().to_owned());
    same(text, Phone::parse, |phone| phone.as_str().to_owned());
    same(text, Phone::from_e164, |phone| phone.as_str().to_owned());
    same(text, |text| Address::parse(text, None), |address| address.as_str().to_owned());
    same(text, Region::parse, |region| region.as_str().to_owned());
    if let Ok(phone) = Region::parse("GB").map_err(drop).and_then(|region| Phone::parse_in(text, region).map_err(drop))
    {
        assert_eq!(Phone::from_e164(phone.as_str()), Ok(phone), "{text:?}");
    }
    let _ = (Login::parse(text), client_language(text));
}

fn shown(text: &str) {
    addresses(text);
    let (masked, skeleton) = (identity::address::masked(text), identity::address::skeleton(text));
    assert!(masked.len() <= text.len() + 16 && skeleton.len() <= 64 * text.len(), "{text:?}");
}

fn tokens(text: &str) {
    same(text, Code::parse, |code| code.reveal().to_owned());
    same(text, LinkToken::parse, LinkToken::reveal);
    same(text, DisavowToken::parse, DisavowToken::reveal);
    same(text, DeliveryTicket::parse, ToString::to_string);
    same(text, str::parse::<Timestamp>, ToString::to_string);
    same(text, str::parse::<FeedCursor>, ToString::to_string);
    same(text, UserId::parse, |id| id.as_str().to_owned());
    same(text, TenantId::parse, |id| id.as_str().to_owned());
    // Secrets are not written.
    same(text, CodeKeys::parse, |_| KEY.to_owned());
    let _ = (Links::parse(text), Links::parse_undo(text));
}

fn settings(text: &str) {
    let _ = (WebhookSecret::parse(text), SmtpServer::from_url(text), Links::new(text), text.parse::<Database>());
    let _ = (AccessTokens::parse(text), LinkOrigin::parse(text), UrlTemplate::parse(text));
    let _ = monocloud_api::ApiKeys::parse(text, &TenantId::default());
}

const ADDRESSES: [&str; 17] = [
    "ada@example.com",
    "Ada.Lovelace+list@Example.ORG",
    "\"a b\"@example.com",
    "ada@bücher.example",
    "ἀδα@example.com",
    "ada@xn--bcher-kva.example",
    "ada@[192.0.2.1]",
    "+44 1514 960453",
    "tel:+44-1514-960453",
    "+1 500 555 0006",
    "01514 960453",
    "+442079460000;ext=1",
    ";phone-context=+44;tel:+54",
    "Ada",
    "countess.lovelace_1815",
    "ａｄａ",
    "ада",
];

#[test]
fn an_address_that_is_read_is_read_again_as_the_same() {
    over_texts!(ADDRESSES, shown);
}

#[test]
fn codes_tokens_tickets_times_ids_and_cursors_are_read_again_as_the_same() {
    let (keys, known) = (CodeKeys::parse(KEY).expect("a key"), known());
    let posted = known.posted();
    let ticket = keys.ticket(posted[0].message.id).to_string();
    let link = posted.iter().find_map(|posted| posted.message.link(&keys)).expect("a link").reveal();
    let undo = known.undo();
    let old = format!("2026a:{KEY},{KEY}");
    let [query, undo_query] = [&link, &undo].map(|token| format!("tenant=default&lang=en&token={token}"));
    let valid = [
        "123456",
        "１２３ 456",
        "ABCD-EFGH",
        &*ticket,
        &*link,
        &*undo,
        &*query,
        &*undo_query,
        &*old,
        "2026-11-22T13:56:21Z",
        "2016-12-31T23:59:60.999999999+14:00",
        // A minute before the year 0, which cannot be written, was read.
        "0000-01-01T00:00:00+00:01",
        // So was one after the year 9999.
        "9999-12-31T23:59:59-00:01",
        "start",
        "00000000000000ff-7",
        "user-1",
    ];
    over_texts!(valid.map(str::to_owned), tokens);
}

#[test]
fn settings_are_read_or_refused() {
    let webhook = format!("whsec_{}", BASE64.encode([7_u8; 32]));
    let valid = [
        &*webhook,
        "smtps://ada:s3cret@mail.example.com:465",
        "smtp://localhost",
        "https://accounts.example.com/link",
        "sqlite:identity.db",
        "postgres://ada@localhost:5432/identity?sslmode=require",
        "root-token:admin:root,ada-token:user:ada",
        "https://app.example.com",
        "https://app.example.com/v?user={{.UserID}}&code={{.Code}}&org={{.OrgID}}",
        "ops:s3cret,other:t0p",
    ];
    over_texts!(valid.map(str::to_owned), settings);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes")]
fn the_time_for_a_text_grows_as_its_length_and_not_as_its_square() {
    // Settings are the operator's own.
    let kinds: [fn(&str); 2] = [addresses, tokens];
    let starts = ["", "+44", "a@", "2026-11-22T13:56:21.", "start", "tenant=", "{"];
    for piece in PIECES.iter().copied().chain(["a", "1", "(", "a.", "a@", "a=b&"]) {
        for start in starts {
            let text = start.to_owned() + &piece.repeat(131_072 / piece.len().max(1));
            for judge in kinds {
                // What else the machine does is no fault: one of three is fast. By the square it would take a minute.
                let is_fast = (0..3).any(|_| {
                    let begun = Instant::now();
                    judge(&text);
                    begun.elapsed() < Duration::from_secs(3)
                });
                assert!(is_fast, "{start:?} and then {piece:?}, over and over");
            }
        }
    }
}

#[test]
fn a_ticket_that_nobody_made_is_refused() {
    let known = known();
    let (identity, runtime) = (&known.identity, &known.runtime);
    let id = identity.sign_in();
    let started = runtime.block_on(id.start(Email::parse("ada@example.com").expect("an address"))).expect("it is sent");
    let valid = started.ticket.as_str().to_owned();
    let (account, code) = (identity.account(&known.key.user), Code::parse("x").expect("a code"));
    over_texts!([valid.clone()], |text: &str| {
        let ticket = SignInTicket::new(text);
        let (signs_in, steps_up) = runtime
            .block_on(async { (id.confirm(&ticket, &code).await, account.confirm_step_up(&ticket, &code).await) });
        assert!(text == valid || matches!(signs_in, Err(HolderError::Refused(_))), "{text}: {signs_in:?}");
        assert!(matches!(steps_up, Err(HolderError::Refused(_))), "{text}: {steps_up:?}");
    });
}

#[test]
fn bounces_and_callbacks_are_read_or_refused() {
    let ticket = CodeKeys::parse(KEY).expect("a key").ticket(known().posted()[0].message.id).to_string();
    let bounce = format!(
        "From: MAILER-DAEMON@example.com\r\nTo: bounces+{ticket}@example.com\r\nMIME-Version: 1.0\r\nContent-Type: \
         multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: \
         text/plain\r\n\r\nNo.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; \
         example.com\r\n\r\nFinal-Recipient: rfc822; ada@example.com\r\nAction: failed\r\nStatus: \
         5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: \
         <{ticket}@example.com>\r\n\r\nHi.\r\n--b--\r\n"
    );
    let complaint = bounce.replace("delivery-status", "feedback-report");
    let form = "MessageStatus=undelivered&ErrorCode=30003&To=%2B441514960453".to_owned();
    let gateway = format!(r#"{{"ticket":"{ticket}","status":"bounced","detail":"gone"}}"#);
    let url = "https://host.example/sms";
    let twilio = TwilioCallbacks::new("12345".into(), url).expect("a URL");
    let key = [7_u8; 32];
    let secret = WebhookSecret::parse(&format!("whsec_{}", BASE64.encode(key))).expect("a secret of 32 bytes");
    let webhooks = WebhookCallbacks::new(secret);
    let reads = |bytes: &[u8]| {
        let bounce = identity_smtp::bounce::read(bytes, NOW).is_ok();
        let text = String::from_utf8_lossy(bytes);
        // Signed, so that what is behind the signature is reached.
        let id = "msg";
        let mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("any key");
        let mac = mac.chain_update(format!("{id}.{}.", NOW.as_secs())).chain_update(bytes);
        let signature = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        let gateway = webhooks.read(id, &NOW.as_secs().to_string(), &signature, bytes, NOW);
        assert!(!matches!(gateway, Err(CallbackError::Forged | CallbackError::Stale)), "it is signed");
        let forged = webhooks.read(&text, &text, &text, bytes, NOW);
        assert!(forged.is_err(), "it is not signed");
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        pairs.sort();
        pairs.dedup();
        let query = format!("ticket={ticket}");
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"12345").expect("any key");
        mac.update(format!("{url}?{query}").as_bytes());
        pairs.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
        let form = twilio.read(&query, &text, &BASE64.encode(mac.finalize().into_bytes()), NOW);
        assert!(!matches!(form, Err(CallbackError::Forged)), "it is signed");
        assert!(twilio.read(&text, &text, &text, NOW).is_err(), "it is not signed");
        [bounce, gateway.is_ok(), form.is_ok()]
    };
    // Unedited, each is read by its reader.
    assert_eq!([&bounce, &gateway, &form].map(|text| reads(text.as_bytes()).iter().filter(|is| **is).count()), [1; 3]);
    over!([bounce, complaint, form, gateway], |bytes: &[u8]| {
        let _ = reads(bytes);
    });
}
