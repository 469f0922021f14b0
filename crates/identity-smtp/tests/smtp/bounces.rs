//! Mails that come back, as servers write them.
#![expect(clippy::expect_used, reason = "what cannot be made fails its test")]

use identity_core::{CodeKeys, DeliveryState, MessageId};
use identity_smtp::bounce::{NoBounce, read};

use crate::kit::{NOW, corpus, naughty};

fn keys() -> CodeKeys {
    CodeKeys::parse(&"5a".repeat(32)).expect("a key")
}

fn message() -> MessageId {
    MessageId::from_uuid(uuid::Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001))
}

fn ticket() -> String {
    keys().ticket(message()).to_string()
}

/// A notification in the form of RFC 3464, appendix E.
fn notification(to: &str, fields: &str, quoted: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: {to}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b1/mx.example.net\"\r\n\r\n\
         This is a MIME-encapsulated message.\r\n\r\n--b1/mx.example.net\r\nContent-Description: Notification\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry to have to inform you that your message could not\r\n\
         be delivered.\r\n\r\n<gone@example.org>: host mx said: 550 5.1.1 no such user\r\n\r\n--b1/mx.example.net\r\n\
         Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.net\r\nArrival-Date: Sat, 21 Nov 2026 05:24:00 +0000\r\n\r\n{fields}\r\n\r\n\
         --b1/mx.example.net\r\nContent-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n{quoted}\r\n\
         --b1/mx.example.net--\r\n"
    )
}

fn quoted(ticket: &str) -> String {
    format!("Message-ID: <{ticket}@example.com>\r\nSubject: Your code\r\n\r\nHello")
}

const GONE: &str = "Final-Recipient: rfc822; gone@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                    Diagnostic-Code: smtp; 550 5.1.1 <gone@example.org>\r\n no such user";

#[test]
fn a_failure_names_the_message_and_says_whether_it_is_for_good() {
    let verp = format!("bounces+{}@example.com", ticket());
    for (fields, state, detail) in [
        (GONE, DeliveryState::Bounced, "failed 5.1.1"),
        ("Action: failed\r\nStatus: 4.4.7 (delivery time expired)", DeliveryState::Failed, "failed 4.4.7"),
        ("Action: failed\r\nStatus: 5.2.2", DeliveryState::Failed, "failed 5.2.2"),
        ("ACTION:FAILED\r\nSTATUS:5.7.1", DeliveryState::Bounced, "failed 5.7.1"),
        ("Action: failed\r\nStatus: <gone@example.org>", DeliveryState::Bounced, "failed"),
        ("Action: delivered\r\nStatus: 2.0.0", DeliveryState::Delivered, "delivered 2.0.0"),
        ("Action: relayed\r\nStatus: 2.0.0", DeliveryState::Accepted, "relayed 2.0.0"),
        (
            "Action: delivered\r\nStatus: 2.0.0\r\n\r\nAction: failed\r\nStatus: 5.1.1",
            DeliveryState::Bounced,
            "failed 5.1.1",
        ),
        (
            "Action: failed\r\nStatus: 4.2.0\r\n\r\nAction: failed\r\nStatus: 5.1.1",
            DeliveryState::Bounced,
            "failed 5.1.1",
        ),
    ] {
        let bounce = read(notification(&verp, fields, "").as_bytes(), NOW).unwrap();
        assert_eq!(keys().message(&bounce.ticket), Some(message()));
        assert_eq!(
            (bounce.report.state, bounce.report.detail.as_deref(), bounce.report.at),
            (state, Some(detail), NOW)
        );
        // With bare line feeds, as it lies in some mailboxes.
        let unix = notification(&verp, fields, "").replace("\r\n", "\n");
        assert_eq!(read(unix.as_bytes(), NOW).unwrap().report.state, state);
    }
}

#[test]
fn the_ticket_is_found_in_the_address_or_in_what_is_quoted_in_any_case() {
    let verp = format!("<bounces+{}@EXAMPLE.com>", ticket().to_uppercase());
    for mail in [
        notification(&verp, GONE, ""),
        notification("no-reply@example.com", GONE, &quoted(&ticket())),
        notification("no-reply@example.com", GONE, &format!("Return-Path: <b+{}@example.com>", ticket())),
    ] {
        assert_eq!(keys().message(&read(mail.as_bytes(), NOW).unwrap().ticket), Some(message()));
    }
    let nameless = notification("no-reply@example.com", GONE, "Subject: Your code\r\n");
    assert_eq!(read(nameless.as_bytes(), NOW).unwrap_err(), NoBounce::NoTicket);
}

#[test]
fn a_forged_ticket_names_no_message() {
    let mut forged = ticket().into_bytes();
    let last = forged.len() - 1;
    forged[last] = if forged[last] == b'a' { b'b' } else { b'a' };
    let verp = format!("bounces+{}@example.com", String::from_utf8(forged).unwrap());
    let bounce = read(notification(&verp, GONE, "").as_bytes(), NOW).unwrap();
    assert_eq!(keys().message(&bounce.ticket), None);
}

#[test]
fn what_is_delayed_or_no_report_changes_nothing() {
    let verp = format!("bounces+{}@example.com", ticket());
    let delayed = notification(&verp, "Action: delayed\r\nStatus: 4.4.1", "");
    assert_eq!(read(delayed.as_bytes(), NOW).unwrap_err(), NoBounce::NothingYet);
    let nothing = notification(&verp, "Status: 5.1.1", "");
    assert_eq!(read(nothing.as_bytes(), NOW).unwrap_err(), NoBounce::NoReport);
    // An answer that quotes a notification is no notification.
    let answer = format!(
        "To: {verp}\r\nSubject: Re: failed\r\nContent-Type: text/plain\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    );
    assert_eq!(read(answer.as_bytes(), NOW).unwrap_err(), NoBounce::NoReport);
    let away =
        format!("To: {verp}\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nBack on Monday.\r\n");
    assert_eq!(read(away.as_bytes(), NOW).unwrap_err(), NoBounce::NoReport);
}

#[test]
fn a_complaint_is_one_and_a_retraction_is_none() {
    let arf = |kind: &str| {
        format!(
            "From: <abuse@isp.example.net>\r\nTo: <abuse@example.com>\r\nSubject: FW: Your code\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=\"part1\"\r\n\r\n--part1\r\n\
             Content-Type: text/plain\r\n\r\nThis is an abuse report.\r\n\r\n--part1\r\nContent-Type: message/feedback-report\r\n\r\n\
             Feedback-Type: {kind}\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n\r\n--part1\r\n\
             Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n{}\r\n--part1--\r\n",
            quoted(&ticket())
        )
    };
    let bounce = read(arf("abuse").as_bytes(), NOW).unwrap();
    assert_eq!((bounce.report.state, keys().message(&bounce.ticket)), (DeliveryState::Complained, Some(message())));
    assert_eq!(read(arf("not-spam").as_bytes(), NOW).unwrap_err(), NoBounce::NothingYet);
}

fn read_naughty(text: &str) {
    let _ = read(text.as_bytes(), NOW);
    let _ = read(notification(text, text, text).as_bytes(), NOW);
}

#[test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
fn corpora_no_naughty_string_makes_it_panic() {
    serde_json::from_str::<Vec<String>>(&corpus("blns.json")).unwrap().iter().for_each(|text| read_naughty(text));
}

#[test]
fn no_mail_makes_it_panic() {
    let whole = notification(&format!("b+{}@example.com", ticket()), GONE, &quoted(&ticket()));
    for length in 0..whole.len() {
        let _ = read(&whole.as_bytes()[..length], NOW);
        let mut broken = whole.clone().into_bytes();
        broken[length] ^= 0x80;
        let _ = read(&broken, NOW);
    }
    naughty().iter().for_each(|text| read_naughty(text));
    let nested = "Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\n".repeat(5_000);
    let _ = read(nested.as_bytes(), NOW);
}
