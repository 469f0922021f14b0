//! The public client base of MonoCloud, from npm, against this server.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use host_e2e::{must_run, npm_folder};
use serde_json::json;

use crate::kit::{API_KEY, READ_KEY, Server, seed};
use crate::pages::current_record;
use crate::problems::break_user;

#[tokio::test]
async fn the_public_client_base_finds_every_endpoint_and_every_error_class() {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("monocloud-api-e2e");
    npm_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e"), &to);

    let folder = Arc::new(tempfile::tempdir().unwrap());
    seed(folder.path(), current_record()).await;
    let server = Server::on(folder, &[]);
    let damaged = Server::start();
    let broken = damaged.user(json!({})).await;
    let broken = broken["user_id"].as_str().unwrap();
    break_user(&damaged, broken);
    let mut node = Command::new("node");
    node.arg("run.js").current_dir(&to).env("BASE", &server.base).env("API_KEY", API_KEY).env("READ_KEY", READ_KEY);
    node.env("SEEDED", "UOtBaOybB6dTpIJNrnkRw").env("BROKEN", broken).env("BROKEN_BASE", &damaged.base);
    assert!(must_run(&mut node).contains("every endpoint, every error class"));
}
