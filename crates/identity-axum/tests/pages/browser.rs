//! A browser on the pages, as a person would use them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use axum::Router;
use axum::extract::RawQuery;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use host_e2e::{must_run, npm_folder};
use identity::ProfileChange;
use identity_axum::{Problem, for_browsers};
use identity_texts::LANGUAGES;

use crate::kit::{Host, host};

/// The pictures are in the folder of the build, in `account-page`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_goes_through_the_pages_in_every_language_and_axe_finds_nothing() {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let chromium = chromium.into_iter().find(|program| Path::new(program).exists());
    let chromium = chromium.expect("this test needs Chromium: on Debian `apt-get install chromium`");
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("account-page-e2e");
    npm_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser"), &to);
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("account-page");
    std::fs::create_dir_all(&pictures).unwrap();

    let host = host();
    let mut users = BTreeMap::new();
    for language in LANGUAGES {
        let (user, _) = host.user(&format!("own-{language}@example.com")).await;
        // Messages, and the pages of their links, are in the language of the user.
        let claims = [("locale".to_owned(), language.into())].into_iter().collect();
        let speaks = ProfileChange { claims, ..ProfileChange::default() };
        host.identity.admin("test").change_profile(&user, &speaks).await.unwrap();
        users.insert(language, user);
    }
    let last = |what: fn(&Host, &str) -> String| {
        let host = host.clone();
        get(async move |RawQuery(query): RawQuery| {
            host.identity.deliver_due().await.unwrap();
            what(&host, &query.unwrap().replace("%40", "@"))
        })
    };
    let code = last(|host, address| host.mailbox.code(address).unwrap().reveal().to_owned());
    let link = last(Host::link);
    let undo = last(Host::undo_link);
    // The host's own.
    let problem = Router::new().route("/problem", get(async || Problem::internal("the disk is full")));
    let problem = problem.layer(from_fn_with_state(host.texts.clone(), for_browsers));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = host.router.clone().merge(problem).route("/code", code).route("/link", link).route("/undo", undo);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let users = serde_json::to_string(&users).unwrap();
    let went = tokio::task::spawn_blocking(move || {
        let mut node = Command::new("node");
        node.current_dir(&to).args(["run.js", chromium, &base]).arg(&pictures).arg(users);
        must_run(&mut node)
    });
    // The words come from the script: what it did not check it did not count.
    assert_eq!(went.await.unwrap().trim(), "276 pages without a violation");
    server.abort();
}
