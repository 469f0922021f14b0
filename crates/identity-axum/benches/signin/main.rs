//! What a sign-in tells of who is known: calls with known and unknown addresses and names in turns, on SQLite and on
//! PostgreSQL, whose answers are compared to the last byte, and whose times are compared by the test of Mann and
//! Whitney.
//!
//! `cargo bench -p identity-axum` starts a server of its own. It fails where an answer differs, and says how long calls
//! took: machines differ.

#![expect(clippy::unwrap_used, reason = "a benchmark whose calls fail has nothing to measure")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

#[path = "../../../identity/benches/ratios/alike.rs"]
mod alike;
#[path = "../../../identity/benches/ratios/measure.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the crate `identity`, which uses more of it")]
mod measure;
#[path = "../../../identity/benches/ratios/places.rs"]
mod places;
#[path = "../../../identity/benches/ratios/table.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the crate `identity`, which uses more of it")]
mod table;

use std::cell::{Cell, RefCell};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use identity::sign_in::Login;
use identity::system::SystemClock;
use identity::testing::Mailbox;
use identity::{Code, CodeKeys, Email, Identity, NewAddress, NewUser, Username};
use identity_axum::{Entered, sign_in_page};
use identity_sql::SqlStore;
use identity_texts::{Brand, Links, Texts};
use postgres_testbed::Cluster;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::alike::{CALLS, row};
use crate::measure::{each, timed};
use crate::table::{Row, Table};

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return println!("the benchmark is run by `cargo bench`");
    }
    let runtime = Runtime::new().unwrap();
    let (folder, place) = places::in_memory(512);
    let cluster = Cluster::builder().start();
    let database = cluster.database();
    let mut table = Table::default();
    for (what, url) in [
        (format!("SQLite, {place}"), format!("sqlite:{}", folder.path().join("signin.db").display())),
        ("PostgreSQL".to_owned(), database.url()),
    ] {
        table.0.extend(rows(&runtime, &what, &url));
    }
    println!("\n{table}");
}

fn rows(runtime: &Runtime, store: &str, url: &str) -> Vec<Row> {
    let keys = CodeKeys::parse(&"5a".repeat(32)).unwrap();
    let identity = runtime.block_on(SqlStore::open(url)).unwrap().identity(Mailbox::default(), keys);
    let names = |kind: &str| (0..=CALLS).map(|number| format!("{kind}{number:04}")).collect::<Vec<_>>();
    let [known, unknown] = ["ada", "bob"].map(names);
    runtime.block_on(async {
        for name in &known {
            let addresses = vec![NewAddress::from(Email::parse(&address(name)).unwrap()).verified()];
            let username = Some(Username::parse(name).unwrap());
            identity.admin("signup").create(NewUser { username, addresses, ..NewUser::default() }).await.unwrap();
        }
    });
    let page = Page { runtime, router: router(&identity), started: RefCell::default(), judged: RefCell::default() };
    let by_address = |name: &String| page.start(name).0;
    let wrong = |name: &String| page.wrong(name, &page.start(name).1);
    let length = Cell::new(None);
    let start = |name: &String| {
        let login = Login::Username(Username::parse(name).unwrap());
        let (took, started) = timed(|| runtime.block_on(identity.sign_in().start(login)));
        let ticket = started.unwrap().ticket;
        let first = length.replace(Some(ticket.as_str().len()));
        assert!(first.is_none_or(|first| first == ticket.as_str().len()), "the answers are alike");
        (each(took, 1), ticket)
    };
    let by_name = |name: &String| start(name).0;
    let wrong_by_name = |name: &String| {
        let (ticket, code) = (start(name).1, Code::parse("wrong").unwrap());
        let (took, judged) = timed(|| runtime.block_on(identity.sign_in().confirm(&ticket, &code)));
        assert!(judged.unwrap().is_none(), "the answers are alike");
        each(took, 1)
    };
    let what = |what: &str| format!("{what} on {store}, of a known");
    vec![
        row(what("start of a sign-in by address, the page"), "unknown", [&known, &unknown], by_address),
        row(what("wrong code of a sign-in, the page"), "unknown", [&known, &unknown], wrong),
        row(what("start of a sign-in by username"), "unknown", [&known, &unknown], by_name),
        row(what("wrong code of a sign-in by username"), "unknown", [&known, &unknown], wrong_by_name),
    ]
}

fn address(name: &str) -> String {
    format!("{name}@mail.example.org")
}

fn router(identity: &Identity) -> Router {
    let links = |page: &str| Links::new(&format!("https://accounts.example.com/{page}/link")).unwrap();
    let brand = Brand::new("Example", links("account")).with_sign_in_links(links("sign-in"));
    let texts = Texts::builder(brand, SystemClock).build().unwrap();
    let begin = async |entered: Entered| entered.user.as_str().to_owned();
    Router::new().nest("/sign-in", sign_in_page(identity.clone(), texts, begin))
}

/// The page, and its first answers of each kind, which every other one has to be.
struct Page<'a> {
    runtime: &'a Runtime,
    router: Router,
    started: RefCell<Option<String>>,
    judged: RefCell<Option<String>>,
}

impl Page<'_> {
    /// How long it took, and the cookie.
    fn start(&self, name: &str) -> (f64, String) {
        let (took, headers) = self.send(name, "", &format!("do=start&address={}", address(name)), &self.started);
        let cookie = headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        (took, cookie.split(';').next().unwrap().to_owned())
    }

    fn wrong(&self, name: &str, cookie: &str) -> f64 {
        self.send(name, cookie, &format!("do=confirm&code=wrong&address={}", address(name)), &self.judged).0
    }

    fn send(&self, name: &str, cookie: &str, form: &str, like: &RefCell<Option<String>>) -> (f64, HeaderMap) {
        let request = Request::post("/sign-in").header(header::COOKIE, cookie);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (request, router) = (request.body(Body::from(form.to_owned())).unwrap(), self.router.clone());
        let (took, (head, body)) = timed(|| {
            self.runtime.block_on(async {
                let (head, body) = router.oneshot(request).await.unwrap().into_parts();
                (head, body.collect().await.unwrap().to_bytes())
            })
        });
        let ticket = head.headers.get(header::SET_COOKIE).map_or("", |cookie| cookie.to_str().unwrap());
        let ticket = ticket.split(['=', ';']).nth(1).filter(|ticket| !ticket.is_empty());
        let answer = format!("{} {:?}\n{}", head.status, head.headers, String::from_utf8_lossy(&body));
        let answer = answer.replace(&address(name), "ADDRESS");
        // What is random by its nature has the same length.
        let answer = match ticket {
            Some(ticket) => answer.replace(ticket, &"T".repeat(ticket.len())),
            None => answer,
        };
        assert_eq!(*like.borrow_mut().get_or_insert_with(|| answer.clone()), answer, "the answers are alike");
        (each(took, 1), head.headers)
    }
}
