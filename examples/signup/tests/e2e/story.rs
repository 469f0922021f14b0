#![expect(clippy::unwrap_used, reason = "what is not there fails its test")]

use postgres_testbed::Cluster;

use crate::person::{Person, not};

#[test]
fn a_person_goes_through_the_service_on_sqlite() {
    goes_through(None);
}

#[test]
fn a_person_goes_through_the_service_on_postgres() {
    let database = Cluster::shared().database();
    goes_through(Some(&database.url()));
    assert_eq!(database.sql("select name from members order by name"), "Ada", "own rows come and go with their users");
}

fn goes_through(database: Option<&str>) {
    let mut person = Person::before(database, "lovelace@example.net");
    signs_up_and_in(&mut person);
    changes_the_account(&mut person);
    watches_as_staff(&mut person);
    person.process.terminate();
    assert!(person.process.wait().success(), "it stops when it is told to");
}

fn signs_up_and_in(person: &mut Person) {
    person.open("/");
    person.browser.reads("Sign up or sign in");
    person.asks_for_a_code("bob@example.com");
    let code = person.code_by_mail("bob@example.com");
    person.types_the_code(not(&code));
    person.browser.reads("This code is not right.");
    person.types_the_code(&code);
    person.browser.reads("Hello, friend");
    person.is_called("Bob");
    person.browser.reads("Hello, Bob");
    let bobs = person.browser.session().unwrap();

    // The next person at the same browser: whoever knew the session of the last one does not know this one.
    person.asks_for_a_code("ada@example.com");
    let link = person.link_by_mail("ada@example.com");
    person.browser.open(&link);
    person.browser.press("Sign in");
    person.is_called("Ada");
    person.browser.reads("Hello, Ada");
    let first = person.browser.session().unwrap();
    assert_ne!(first, bobs, "a sign-in has a session id of its own");
    person.browser.become_session(&bobs);
    person.open("/");
    person.browser.reads("Sign up or sign in");
    person.browser.become_session(&first);
    person.open("/");
    person.browser.reads("Hello, Ada");

    person.browser.press("Sign out");
    person.browser.reads("Sign up or sign in");
    person.browser.become_session(&first);
    person.open("/");
    person.browser.reads("Sign up or sign in");

    // She is a member already.
    person.asks_for_a_code("Ada@Example.com");
    let code = person.code_by_mail("ada@example.com");
    person.types_the_code(&code);
    person.browser.reads("Hello, Ada");
    person.browser.reads("Your address is ada@example.com");

    // A form of another site is refused, and she stays signed in.
    let to = person.process.base();
    person.browser.open(&format!("data:text/html,<form method=post action={to}/sign-out><button>Win</button></form>"));
    person.browser.press("Win");
    person.browser.reads("this page was open too long or was not sent from here");
    person.open("/");
    person.browser.reads("Hello, Ada");
    person.open("/admin");
    person.browser.reads_nothing_of("bob@example.com");
}

fn changes_the_account(person: &mut Person) {
    // A telephone.
    person.open("/");
    person.browser.press("Your addresses");
    person.adds("+44 1514 960453");
    let code = person.code_by_phone("+441514960453");
    person.confirms(not(&code));
    person.browser.reads("Tries left: 4.");
    person.confirms(&code);
    person.browser.reads("The address is confirmed.");

    // A second mail address, which becomes the first.
    person.browser.press("Back to your addresses");
    person.adds("lovelace@example.net");
    let code = person.code_by_mail("lovelace@example.net");
    person.confirms(&code);
    person.browser.press("Make this address the primary one");
    person.open("/");
    person.browser.reads("Your address is lovelace@example.net");

    // Another one in place of the first.
    person.browser.press("Your addresses");
    person.browser.press("ada@example.com");
    person.browser.unfold("Replace this address");
    person.browser.fill("#replace", "ada@example.org");
    person.browser.press("Replace");
    let code = person.code_by_mail("ada@example.org");
    person.confirms(&code);
    person.browser.press("Back to your addresses");
    person.browser.reads("ada@example.org");
    person.browser.reads_nothing_of("ada@example.com");

    // The way in is any of them.
    person.open("/");
    person.browser.press("Sign out");
    person.asks_for_a_code("+44 1514 960453");
    let code = person.code_by_phone("+441514960453");
    person.types_the_code(&code);
    person.browser.reads("Hello, Ada");
}

fn watches_as_staff(person: &mut Person) {
    // The second address is one of staff.
    person.browser.press("Users");
    person.browser.fill("#search", "BOB");
    person.browser.press("Search");
    person.browser.reads("1 in all");
    person.browser.reads("bob@example.com");
    person.browser.press_first("main li a");
    person.browser.reads("\"created\"");
    person.browser.press("Block");
    person.browser.reads("Bob, since");
    person.browser.reads("blocked");
    person.browser.press("Erase");
    person.browser.reads("There is no such user, or it was erased.");
    person.open("/admin");
    person.browser.reads("1 in all");

    person.open("/metrics");
    person.browser.reads(r#"identity_use_cases_total{use_case="sign_in.confirm",outcome="wrong"} 1"#);
    person.browser.reads(r#"identity_messages_total{channel="email",provider="smtp",outcome="sent"}"#);
    person.browser.reads("identity_outbox_pending ");
    person.open("/readyz");
}
