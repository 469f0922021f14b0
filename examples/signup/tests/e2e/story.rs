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
    person.asks_for_a_code("bob@example.com", "Bob");
    let code = person.code_by_mail("bob@example.com");
    person.types_the_code(not(&code));
    person.browser.reads("That code is wrong.");
    person.types_the_code(&code);
    person.browser.reads("Hello, Bob");
    let bobs = person.browser.session().unwrap();

    // The next person at the same browser: whoever knew the session of the last one does not know this one.
    person.signs_in("ada@example.com", "Ada");
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

    // Another name changes nothing: she is a member already.
    person.signs_in("Ada@Example.com", "Eve");
    person.browser.reads("Hello, Ada");
    person.browser.reads("Your address is ada@example.com");

    // A form of another site is refused, and she stays signed in.
    let to = person.process.base();
    person.browser.open(&format!("data:text/html,<form method=post action={to}/sign-out><button>Win</button></form>"));
    person.browser.press("Win");
    person.browser.reads("This form was sent from another site.");
    person.open("/");
    person.browser.reads("Hello, Ada");
    person.open("/admin");
    person.browser.reads_nothing_of("bob@example.com");
}

fn changes_the_account(person: &mut Person) {
    person.browser.press("Your addresses");
}

fn watches_as_staff(person: &mut Person) {
    person.open("/admin");
    person.browser.fill("#search", "BOB");
    person.browser.press("Search");
    person.browser.reads("1 in all");
}
