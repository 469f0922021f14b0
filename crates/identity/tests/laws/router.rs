//! Laws of a notifier of several providers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::delivery::{Message, MessageId, RouteError, Router};
use identity::store::UserKey;
use identity::{Accepted, CodeKeys, Content, Notice, NoticeKind, Notifier, NotifyError, TenantId, Timestamp, UserId};

use crate::kit::{address, keys};

/// Who was asked, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

/// What a provider answers next.
#[derive(Clone, Copy)]
enum Answer {
    Yes,
    Busy,
    Perhaps,
    Never,
    Silence,
}

#[derive(Clone)]
struct Provider {
    name: &'static str,
    log: Log,
    answers: Arc<Mutex<HashMap<&'static str, Answer>>>,
}

#[identity::async_trait]
impl Notifier for Provider {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        self.log.0.lock().unwrap().push(self.name);
        let answer = self.answers.lock().unwrap().get(self.name).copied().unwrap_or(Answer::Yes);
        match answer {
            Answer::Yes => Ok(Accepted { reference: Some("r".to_owned()), provider: None }),
            Answer::Busy => Err(NotifyError::transient("busy")),
            Answer::Perhaps => Err(NotifyError::unknown("reset")),
            Answer::Never => Err(NotifyError::permanent("no such line")),
            Answer::Silence => std::future::pending().await,
        }
    }
}

struct Desk {
    router: Router,
    log: Log,
    answers: Arc<Mutex<HashMap<&'static str, Answer>>>,
}

fn desk() -> Desk {
    let (log, answers) = (Log::default(), Arc::<Mutex<HashMap<_, _>>>::default());
    let provider = |name| Provider { name, log: log.clone(), answers: Arc::clone(&answers) };
    let router = Router::builder()
        .provider("mail", provider("mail"))
        .provider("mail-jp", provider("mail-jp"))
        .provider("one", provider("one"))
        .provider("two", provider("two"))
        .provider("three", provider("three"))
        .emails(["mail"])
        .domain("example.jp", ["mail-jp", "mail"])
        .domain("b\u{fc}cher.example", ["mail-jp"])
        .phones(["one", "two", "three"])
        .country(81, ["two", "one"])
        .build()
        .unwrap();
    Desk { router, log, answers }
}

fn notice(to: &str, provider: Option<&str>, uncertain: u32) -> Notice {
    let id = MessageId::from_uuid(uuid::Uuid::from_u128(7));
    let to = address(to);
    Notice {
        message: Arc::new(Message {
            id,
            key: UserKey { tenant: TenantId::default(), user: UserId::parse("ada").unwrap() },
            content: Content::Notice { what: NoticeKind::Added, about: to.clone(), event: None },
            to,
            locale: None,
            created_at: Timestamp::from_secs(0),
            expires_at: Timestamp::from_secs(600),
        }),
        code: None,
        link: None,
        disavowal: None,
        provider: provider.map(Into::into),
        attempts: 1,
        uncertain,
        ticket: keys().ticket(id),
    }
}

impl Desk {
    fn answers(&self, name: &'static str, answer: Answer) {
        self.answers.lock().unwrap().insert(name, answer);
    }

    async fn ask(&self, to: &str, provider: Option<&str>, uncertain: u32) -> Result<Accepted, NotifyError> {
        self.router.notify(&notice(to, provider, uncertain)).await
    }

    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.log.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_route_is_chosen_by_channel_country_and_domain() {
    let desk = desk();
    for (to, first) in [
        ("ada@example.com", "mail"),
        ("ada@example.jp", "mail-jp"),
        ("ada@deep.down.example.jp", "mail-jp"),
        ("ada@otherexample.jp", "mail"),
        ("ada@b\u{fc}cher.example", "mail-jp"),
        ("+44 1514 960453", "one"),
        ("+81 90 1234 5678", "two"),
    ] {
        let accepted = desk.ask(to, None, 0).await.unwrap();
        assert_eq!(accepted.provider.as_deref(), Some(first), "{to}");
        assert_eq!(desk.asked(), [first], "one provider is asked, once");
    }
}

#[tokio::test]
async fn each_attempt_asks_one_provider_and_a_refusal_for_now_goes_on_to_the_next_at_once() {
    let desk = desk();
    for name in ["one", "two", "three"] {
        desk.answers(name, Answer::Busy);
    }
    let mut provider: Option<String> = None;
    for (asked, next, at_once) in [("one", "two", true), ("two", "three", true), ("three", "one", false)] {
        let answer = desk.ask("+44 1514 960453", provider.as_deref(), 0).await;
        let Err(NotifyError::Transient { next: found, retry_after, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!(desk.asked(), [asked], "one provider an attempt");
        assert_eq!(found.as_deref(), Some(next), "then the next one, and the first one after the last");
        assert_eq!(retry_after == Some(Duration::ZERO), at_once, "at once until the route was tried round");
        provider = found;
    }
    // A provider that is alone is asked again, after a wait.
    desk.answers("mail", Answer::Busy);
    let answer = desk.ask("ada@example.com", None, 0).await;
    let Err(NotifyError::Transient { next, retry_after, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!((next.as_deref(), retry_after), (Some("mail"), None));
}

#[tokio::test]
async fn who_may_have_a_message_keeps_it() {
    let desk = desk();
    desk.answers("two", Answer::Perhaps);
    let answer = desk.ask("+44 1514 960453", Some("two"), 0).await;
    let Err(NotifyError::Unknown { provider, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(provider.as_deref(), Some("two"), "it is named, so that it is noted");
    // From then on nobody else gets it, not even when this one says no for now ...
    desk.answers("two", Answer::Busy);
    let answer = desk.ask("+44 1514 960453", Some("two"), 1).await;
    let Err(NotifyError::Transient { next, retry_after, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!((next.as_deref(), retry_after), (Some("two"), None), "the same one, after a wait");
    // ... nor when the routes do not name it any more ...
    let answer = desk.ask("ada@example.com", Some("three"), 1).await;
    assert_eq!(answer.unwrap().provider.as_deref(), Some("three"));
    // ... nor when it is gone.
    let answer = desk.ask("ada@example.com", Some("gone"), 1).await;
    let Err(NotifyError::Unknown { provider, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(provider.as_deref(), Some("gone"));
    assert_eq!(desk.asked(), ["two", "two", "three"], "and nobody else was asked");
    // Without such a doubt a name that is gone is forgotten.
    assert_eq!(desk.ask("ada@example.com", Some("gone"), 0).await.unwrap().provider.as_deref(), Some("mail"));
}

#[tokio::test]
async fn a_refusal_for_good_is_one() {
    let desk = desk();
    desk.answers("one", Answer::Never);
    let answer = desk.ask("+44 1514 960453", None, 0).await;
    assert!(matches!(answer, Err(NotifyError::Permanent { .. })), "{answer:?}");
    assert_eq!(desk.asked(), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_answer_may_have_taken_it_on() {
    let desk = desk();
    desk.answers("one", Answer::Silence);
    let answer = desk.ask("+44 1514 960453", None, 0).await;
    let Err(NotifyError::Unknown { provider, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(provider.as_deref(), Some("one"));
}

#[test]
fn a_router_that_makes_no_sense_does_not_build() {
    let provider = || Provider { name: "p", log: Log::default(), answers: Arc::default() };
    let one = || Router::builder().provider("one", provider());
    for (built, expected) in [
        (one().build(), RouteError::NoRoute),
        (one().phones(["two"]).build(), RouteError::Unknown("two".to_owned())),
        (one().phones([]).build(), RouteError::Empty),
        (one().phones(["one", "one"]).build(), RouteError::Again("one".to_owned())),
        (one().provider("one", provider()).phones(["one"]).build(), RouteError::Twice("one".to_owned())),
        (one().domain("a b", ["one"]).build(), RouteError::Domain("a b".to_owned())),
        (one().provider("a b", provider()).phones(["one"]).build(), RouteError::Name("a b".to_owned())),
        (one().provider("", provider()).phones(["one"]).build(), RouteError::Name(String::new())),
    ] {
        assert_eq!(built.unwrap_err(), expected);
    }
    let phones_only = one().phones(["one"]).build().unwrap();
    assert_eq!(format!("{phones_only:?}"), r#"Router(["one"])"#);
}

#[tokio::test]
async fn an_address_without_a_route_waits_for_one() {
    let log = Log::default();
    let one = Provider { name: "one", log: log.clone(), answers: Arc::default() };
    let router = Router::builder().provider("one", one).phones(["one"]).build().unwrap();
    let answer = router.notify(&notice("ada@example.com", None, 0)).await;
    assert!(matches!(answer, Err(NotifyError::Transient { .. })), "{answer:?}");
    assert!(log.0.lock().unwrap().is_empty());
}

#[test]
fn a_ticket_fits_an_address_and_a_url_and_only_the_host_makes_one() {
    let other = CodeKeys::parse(&"77".repeat(32)).unwrap();
    for number in 0..200_u128 {
        let id = MessageId::from_uuid(uuid::Uuid::from_u128((number << 64) | (number * 7)));
        let text = keys().ticket(id).to_string();
        assert!(text.len() == 48 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        let read = |text: &str| {
            identity::delivery::DeliveryTicket::parse(text).ok().and_then(|ticket| keys().message(&ticket))
        };
        assert_eq!(read(&text), Some(id));
        assert_eq!(read(&text.to_uppercase()), Some(id));
        assert_eq!(
            other.message(&identity::delivery::DeliveryTicket::parse(&text).unwrap()),
            None,
            "another host's key"
        );
        // Whatever is changed in it names nothing.
        for place in 0..48 {
            let mut forged: Vec<char> = text.chars().collect();
            forged[place] = if forged[place] == 'a' { 'b' } else { 'a' };
            assert_eq!(read(&forged.iter().collect::<String>()), None, "{place}");
        }
        assert_eq!(read(&text[1..]), None);
        assert_eq!(read(&format!("{text}a")), None);
        assert!(!format!("{:?}", keys().ticket(id)).contains(&text[30..]), "the proof does not print");
    }
    for text in ["", "1", &"0".repeat(48), &"\u{e9}".repeat(24), &"a".repeat(1_000)] {
        assert!(identity::delivery::DeliveryTicket::parse(text).is_err(), "{text}");
    }
    // A key that is a previous one by now still knows its tickets.
    let old = CodeKeys::parse(&format!("a:{}", "11".repeat(32))).unwrap();
    let rotated = CodeKeys::parse(&format!("b:{},a:{}", "22".repeat(32), "11".repeat(32))).unwrap();
    let id = MessageId::from_uuid(uuid::Uuid::from_u128(9));
    assert_eq!(rotated.message(&old.ticket(id)), Some(id));
}
