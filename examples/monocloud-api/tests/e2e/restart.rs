//! What was acknowledged is there, whenever the process dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

use crate::kit::{API_KEY, Server};

/// Writers at work until the server goes away.
const WRITERS: usize = 4;
/// How many answers are waited for before it is killed.
const ANSWERS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_change_survives_kill_9_20_times() {
    let mut folder = Arc::new(tempfile::tempdir().unwrap());
    let mut acknowledged: Vec<Value> = Vec::new();
    for round in 0..20 {
        let server = Arc::new(Server::on(folder, &[]));
        for user in &acknowledged {
            let path = format!("/api/users/{}", user["user_id"].as_str().unwrap());
            assert_eq!(server.get(&path).await.of(200), *user, "after {round} kills");
        }
        let answers = Arc::new(Mutex::new(Vec::new()));
        let (count, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (server, answers) = (Arc::clone(&server), Arc::clone(&answers));
                let (count, enough) = (Arc::clone(&count), Arc::clone(&enough));
                tokio::spawn(async move {
                    for number in 0.. {
                        let Some(user) = write(&server, round, writer, number).await else { return };
                        answers.lock().await.push(user);
                        if count.fetch_add(1, Ordering::SeqCst) + 1 == ANSWERS {
                            enough.notify_one();
                        }
                    }
                })
            })
            .collect();
        enough.notified().await;
        folder = kill(&server);
        for writer in writers {
            writer.await.unwrap();
        }
        acknowledged.append(&mut *answers.lock().await);
    }
    assert!(acknowledged.len() >= 20 * ANSWERS);
}

/// Two changes of one user: the answer of the last one that was acknowledged, `None` when the server is gone before any.
async fn write(server: &Server, round: usize, writer: usize, number: usize) -> Option<Value> {
    let post = async |path: &str, body: Value| {
        let request = server.request("POST", path).header("X-API-KEY", API_KEY).json(&body);
        let response = request.send().await.ok()?;
        assert!(response.status().is_success());
        response.json::<Value>().await.ok()
    };
    let user = post("/api/users", json!({"username": format!("u{round}-{writer}-{number}")})).await?;
    let path = format!("/api/users/{}/emails", user["user_id"].as_str().unwrap());
    // Without an answer to the second change nobody knows whether it was made, so neither is compared.
    post(&path, json!({"email": format!("u{round}-{writer}-{number}@example.com"), "is_verified": true})).await
}

fn kill(server: &Arc<Server>) -> Arc<tempfile::TempDir> {
    server.process.kill_under_load();
    Arc::clone(&server.folder)
}
