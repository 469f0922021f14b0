//! The same host on PostgreSQL: what it answers does not tell where the users are.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use postgres_testbed::Cluster;
use serde_json::{Value, json};

use crate::kit::{Server, program};
use crate::pages::current;

/// Two hosts that hold the same users, in a file and in PostgreSQL.
struct Twins {
    file: Server,
    postgres: Server,
}

impl Twins {
    fn holding(users: &[Value]) -> Self {
        let on = |database: &str| {
            let folder = Arc::new(tempfile::tempdir().unwrap());
            let settings = [("IDENTITY_DATABASE", database), ("IDENTITY_RESEND_WAIT", "0")];
            let settings = if database.is_empty() { &settings[1..] } else { &settings[..] };
            let lines = folder.path().join("users.jsonl");
            fs::write(&lines, users.iter().map(|user| format!("{user}\n")).collect::<String>()).unwrap();
            let import = program(folder.path(), settings).arg("--import").arg(&lines).output().unwrap();
            let said = String::from_utf8(import.stderr).unwrap();
            assert!(said.contains(&format!("{} imported, 0 already there, 0 bad", users.len())), "{said}");
            Server::on(folder, settings)
        };
        Self { file: on(""), postgres: on(&Cluster::shared().database().url()) }
    }

    /// Makes a call to both, and gives the answer when it is the same but for ids and times that each of them chose.
    async fn call(&self, method: &str, path: &str, body: &Option<Value>) -> (u16, Value) {
        let (file, postgres) =
            (self.file.call(method, path, body.clone()), self.postgres.call(method, path, body.clone()));
        let (file, postgres) = tokio::join!(file, postgres);
        assert_eq!(file.status, postgres.status, "{method} {path}: {} {}", file.text, postgres.text);
        assert_eq!(file.header("x-pagination"), postgres.header("x-pagination"), "{method} {path}");
        let (ours, theirs) = (neutral(file.json()), neutral(postgres.json()));
        assert_eq!(ours, theirs, "{method} {path}");
        (file.status, ours)
    }
}

/// Without what differs from host to host: ids of what was added, times of what was changed just now, ids of requests.
fn neutral(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let fresh = match key.as_str() {
                        "traceId" => true,
                        "user_id" => value.as_str().is_some_and(|id| !id.starts_with("user-")),
                        "id" => value.as_str().is_some_and(|id| !id.starts_with("00000000-")),
                        "last_updated" | "creation_time" => value.as_i64().is_some_and(|at| at > 1_750_000_000),
                        _ => false,
                    };
                    if fresh { *value = Value::Null } else { strip(value) }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

fn id(user: usize, kind: usize) -> String {
    uuid::Uuid::from_u128((user * 10 + kind) as u128).to_string()
}

/// User `number`, as a line of an import.
fn user(number: usize) -> Value {
    let mut user = current();
    let at = 1_700_000_000 + number * 7 % 20;
    user["user_id"] = format!("user-{number:02}").into();
    user["username"] = json!({"id": id(number, 1), "username": format!("Name-{number:02}"), "source": null});
    user["emails"][0]["id"] = id(number, 2).into();
    user["emails"][0]["email"] = format!("mail{number:02}@example.com").into();
    user["phone_numbers"][0]["id"] = id(number, 3).into();
    user["phone_numbers"][0]["phone"] = format!("+4415149604{number:02}").into();
    user["creation_time"] = at.into();
    user["last_updated"] = (at + number).into();
    user["failure_count"] = (number * 3 % 20).into();
    user["block_until"] = if number.is_multiple_of(3) { Value::Null } else { (at + number * 11 % 20).into() };
    user
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_the_one_that_a_file_gives() {
    let twins = Twins::holding(&(0..25).map(user).collect::<Vec<_>>());
    for key in
        ["creation_time", "last_updated", "last_activity", "failure_count", "block_until", "last_sign_in_success"]
    {
        for direction in ["1", "-1"] {
            for (page, size) in [(1, 10), (2, 10), (3, 10), (1, 100)] {
                let path = format!("/api/users?sort={key}:{direction}&page={page}&size={size}");
                assert_eq!(twins.call("GET", &path, &None).await.0, 200, "{path}");
            }
        }
    }
    for search in ["mail", "name-1", "NAME-07", "+44151496041", "nobody", "%", "_", "'"] {
        let url = reqwest::Url::parse_with_params("http://host/api/users", [("filter", search)]).unwrap();
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        assert_eq!(twins.call("GET", &path, &None).await.0, 200, "{path}");
    }
    let (email, phone) = (id(3, 2), id(3, 3));
    let calls = [
        ("GET", "/api/users/user-03".to_owned(), None, 200),
        ("GET", "/api/users/nobody".to_owned(), None, 404),
        (
            "POST",
            "/api/users/user-03/phones".to_owned(),
            Some(json!({"phone_number": "+919988776655", "is_verified": true})),
            200,
        ),
        ("POST", "/api/users/user-03/phones".to_owned(), Some(json!({"phone_number": "+919988776655"})), 422),
        (
            "POST",
            "/api/users/user-04/phones".to_owned(),
            Some(json!({"phone_number": "+919988776655", "is_verified": true})),
            422,
        ),
        ("POST", "/api/users/user-03/phones".to_owned(), Some(json!({"phone_number": "+9"})), 422),
        ("POST", format!("/api/users/user-03/emails/{email}/verify"), None, 200),
        ("POST", format!("/api/users/user-03/phones/{phone}/primary"), None, 200),
        ("POST", "/api/users".to_owned(), Some(json!({"username": "name-03"})), 422),
        ("POST", "/api/users".to_owned(), Some(json!({"email": "new@example.com"})), 201),
    ];
    for (method, path, body, status) in calls {
        assert_eq!(twins.call(method, &path, &body).await.0, status, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9_of_the_host() {
    let url = Cluster::shared().database().url();
    let settings = [("IDENTITY_DATABASE", url.as_str())];
    let mut server = Server::with(&settings);
    let mut users = Vec::new();
    for round in 0..5 {
        let email = json!({"email": format!("mail{round}@example.com")});
        users.push(server.user(email).await);
        server.process.kill();
        server = Server::with(&settings);
        for user in &users {
            assert_eq!(server.get(&format!("/api/users/{}", user["user_id"].as_str().unwrap())).await.of(200), *user);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_on_one_database_deliver_every_message_once() {
    let url = Cluster::shared().database().url();
    let hosts = [0, 1].map(|_| Server::with(&[("IDENTITY_DATABASE", url.as_str())]));
    for number in 0..12 {
        let host = &hosts[number % 2];
        let user = host.user(json!({"email": format!("mail{number}@example.com")})).await;
        let (user_id, email) = (user["user_id"].as_str().unwrap(), user["emails"][0]["id"].as_str().unwrap());
        host.post(&format!("/api/users/{user_id}/emails/{email}/verify/link"), None).await.of(200);
    }
    let sent = || {
        let lines = hosts.iter().flat_map(Server::log);
        let mut sent: Vec<String> = lines.filter_map(|line| Some(line.split_once("token=")?.1.to_owned())).collect();
        sent.sort();
        sent
    };
    let all = async {
        while sent().len() < 12 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), all).await.is_ok(), "only {} were delivered", sent().len());
    let mut different = sent();
    different.dedup();
    assert_eq!((different.len(), sent().len()), (12, 12));
}

#[test]
fn a_server_that_is_not_there_is_said_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://ada:s3cret-word@127.0.0.1:9/app";
    let output = program(folder.path(), &[("IDENTITY_DATABASE", url)]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("postgres://127.0.0.1/app"), "{said}");
    assert!(!said.contains("s3cret-word") && !said.contains("panic"), "{said}");
    let help = program(folder.path(), &[("IDENTITY_DATABASE", url)]).arg("--help").output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("s3cret-word"));
}
