//! A host always answers, however many connections are open and however few files it may open.

use std::process::Command;
use std::time::Duration;

use host_e2e::Process;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::kit::{API_KEY, Answer, Server, program};

#[tokio::test]
async fn three_hundred_idle_connections_and_128_files_keep_nobody_from_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let host = program(folder.path(), &[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 128; exec \"$0\""]).arg(host.get_program());
    limited.env_clear().envs(host.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let process = Process::start(&mut limited);
    let mut idle = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(&process.address).await.unwrap();
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /api/users HTTP/1.1\r\nhost: x\r\n").await;
        }
        idle.push(stream);
    }
    for _ in 0..20 {
        let request = reqwest::Client::new().get(format!("{}/api/users", process.base())).header("x-api-key", API_KEY);
        let answer = tokio::time::timeout(Duration::from_secs(20), Answer::to(request)).await.expect("no answer");
        assert_eq!(answer.of(200), json!([]));
    }
    assert!(!process.log.lines().iter().any(|line| line.contains("could not be taken")), "files ran out");
}

#[tokio::test]
async fn a_body_that_never_ends_is_408() {
    let server = Server::with(&[("IDENTITY_BODY_TIMEOUT_MS", "200")]);
    let mut stream = TcpStream::connect(&server.process.address).await.unwrap();
    let head = format!(
        "POST /api/users HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\ncontent-length: 50\r\nconnection: close\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.expect("no answer");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("the body did not arrive in time; send it again"), "{answer}");
    assert_eq!(server.get("/api/users").await.of(200), json!([]));
}

#[tokio::test]
async fn c101_a_key_that_has_8_mib_in_flight_gets_429_and_other_keys_their_answers() {
    let server = Server::start();
    // Each is a body of 65,536 bytes but for the last one, and counts for 4 KiB more.
    let head = format!("POST /api/users HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\ncontent-length: 65536\r\n\r\n");
    let most_of_it = [head.as_bytes(), &[b' '; 65_535]].concat();
    let mut held = Vec::new();
    for _ in 0..130 {
        let mut stream = TcpStream::connect(&server.process.address).await.unwrap();
        stream.write_all(&most_of_it).await.unwrap();
        held.push(stream);
    }
    let full = async {
        loop {
            let answer = server.get("/api/users?size=1000").await;
            if answer.status == 429 {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), full).await.expect("the key has room for all of it");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.problem(429)["detail"], "too many requests of this key are under way; send fewer at once");
    let other = server.request("GET", "/api/users").header("X-API-KEY", crate::kit::READ_KEY);
    assert_eq!(Answer::to(other).await.of(200), json!([]));
    drop(held);
    let free = async {
        while server.get("/api/users?size=1000").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), free).await.expect("what was held stays held");
}
