//! What the host costs over loopback with 16 connections: reads beside the same router answering from a constant, writes
//! beside the raw commit rate of the store. `cargo bench -p monocloud-api`; it takes about 20 s.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a measurement ends when something is wrong, and prints its figures"
)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use host_kit::{TenantNames, traced};
use identity::{CodeKeys, Identity, NewUser, TenantId, UserId};
use identity_sqlite::SqliteStore;
use monocloud_api::caller::authenticated;
use monocloud_api::wire::Wire;
use monocloud_api::{ApiKeys, App, log_notifier, router};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
const KEY: &str = "of-the-bench";

fn app(identity: Identity) -> App {
    let home = TenantId::default();
    App {
        identity,
        tenants: TenantNames::new(home.clone(), &[]).unwrap(),
        keys: ApiKeys::parse(KEY, &home).unwrap(),
        wire: Wire::Current,
    }
}

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

async fn call(client: &Client, method: &str, url: &str, body: Option<Value>) -> Value {
    let request = client.request(method.parse().unwrap(), url).header("x-api-key", KEY);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let response = request.send().await.unwrap().error_for_status().unwrap();
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// Reads of one URL a second.
async fn reads(url: &str) -> f64 {
    let until = Instant::now() + ROUND;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, url) = (Client::new(), url.to_owned());
            tokio::spawn(async move {
                let mut count = 0_u32;
                while Instant::now() < until {
                    let response = client.get(&url).header("x-api-key", KEY).send().await.unwrap();
                    response.error_for_status().unwrap().bytes().await.unwrap();
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    f64::from(count) / ROUND.as_secs_f64()
}

/// Add a phone, verify it, make it primary, read the user: how long each write took.
async fn flows(base: &str) -> Vec<Duration> {
    let until = Instant::now() + ROUND;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (client, users) = (Client::new(), format!("{base}/api/users"));
            tokio::spawn(async move {
                let mut took = Vec::new();
                for round in 0.. {
                    if Instant::now() >= until {
                        break;
                    }
                    let mut timed = async |method, url: &str, body| {
                        let start = Instant::now();
                        let answer = call(&client, method, url, body).await;
                        took.push(start.elapsed());
                        answer
                    };
                    let user = timed("POST", &users, Some(json!({}))).await;
                    let user = format!("{users}/{}", user["user_id"].as_str().unwrap());
                    let phone = format!("+91998{:07}", 1_000_000 + number * 400_000 + round);
                    let added = timed("POST", &format!("{user}/phones"), Some(json!({"phone_number": phone}))).await;
                    let phone = format!("{user}/phones/{}", added["phone_numbers"][0]["id"].as_str().unwrap());
                    timed("POST", &format!("{phone}/verify"), None).await;
                    timed("POST", &format!("{phone}/primary"), None).await;
                    let user = call(&client, "GET", &user, None).await;
                    assert_eq!(user["phone_numbers"][0]["primary"], true);
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    took.sort_unstable();
    took
}

/// Commits a second of as many tasks, without HTTP.
async fn commits(identity: &Identity) -> f64 {
    let until = Instant::now() + ROUND;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let admin = identity.admin("bench");
            tokio::spawn(async move {
                let mut count = 0_u32;
                while Instant::now() < until {
                    admin.create(NewUser::default()).await.unwrap();
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    f64::from(count) / ROUND.as_secs_f64()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("identity.db")).await.unwrap();
    let identity = Identity::new(store, log_notifier("http://localhost"), CodeKeys::parse(&"5a".repeat(32)).unwrap());
    let base = listen(router(app(identity.clone()))).await;
    let client = Client::new();
    let body = json!({"email": "ada@example.com", "phone_number": "+441514960453", "name": "Ada", "username": "ada"});
    let user = call(&client, "POST", &format!("{base}/api/users"), Some(body)).await;
    let id = UserId::parse(user["user_id"].as_str().unwrap()).unwrap();

    // The same middleware, path and bytes, without the library.
    let constant: Arc<str> = user.to_string().into();
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], constant.to_string()) };
    let shared = Arc::new(app(identity.clone()));
    let api = Router::new().route("/users/{user_id}", get(answer)).layer(from_fn_with_state(shared, authenticated));
    let constant = listen(Router::new().nest("/api", api).layer(from_fn(traced))).await;

    let (mut read, mut bound) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        bound = bound.max(reads(&format!("{constant}/api/users/{id}")).await);
        read = read.max(reads(&format!("{base}/api/users/{id}")).await);
    }
    println!("reads, {CONNECTIONS} connections, best of {ROUNDS} interleaved rounds of {} s", ROUND.as_secs());
    println!("  from a constant {bound:8.0} /s");
    println!("  get a user      {read:8.0} /s   {:.0} %, 60 % at least", 100.0 * read / bound);

    let raw = commits(&identity).await;
    let took = flows(&base).await;
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!("writes, {CONNECTIONS} connections: create, add phone, verify, set primary, then get");
    println!("  raw commits     {raw:8.0} /s   the store alone, as many tasks");
    println!(
        "  writes          {:8.0} /s   p50 {:.2} ms, p99 {:.2} ms",
        took.len() as f64 / ROUND.as_secs_f64(),
        at(0.5),
        at(0.99)
    );
}
