//! Requests at random, made from the OpenAPI document.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::kit::{API_KEY, Server};

/// The tool, pinned; a later one may look for more, or less.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

fn must_run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}. This test needs Python 3.10 or later: on Debian `apt-get install python3-venv`")
    });
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// An environment of its own below the target folder, made once.
fn schemathesis() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let made = folder.join("made");
    if fs::read_to_string(&made).ok().as_deref() != Some(SCHEMATHESIS) {
        must_run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        must_run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", SCHEMATHESIS]));
        fs::write(&made, SCHEMATHESIS).unwrap();
    }
    folder.join("bin/schemathesis")
}

#[tokio::test]
async fn c62_no_request_made_from_the_document_gets_a_5xx_or_breaks_the_document() {
    let tool = schemathesis();
    for wire in ["current", "legacy"] {
        let server = Server::with(&[("IDENTITY_WIRE", wire)]);
        let ada = server.user(json!({"username": "ada"})).await;
        let config = server.folder.path().join("schemathesis.toml");
        fs::write(&config, settings(ada["user_id"].as_str().unwrap())).unwrap();
        let mut run = Command::new(&tool);
        run.arg("--config-file").arg(&config);
        run.args(["run", "--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", "40"])
            .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
            .args(["--checks", "response_headers_conformance,response_schema_conformance,ignored_auth"])
            .args(["--checks", "unsupported_method,negative_data_rejection"])
            .args(["--seed", "1", "--max-failures", "20", "--no-color", "--generation-database", "none"])
            .args(["--header", &format!("X-API-KEY: {API_KEY}")])
            .arg(format!("{}/openapi.json", server.base))
            .current_dir(env!("CARGO_TARGET_TMPDIR"));
        must_run(&mut run);
    }
}

/// A user who is there, so that requests get past the 404; the one call that would end the user gets another id.
fn settings(user: &str) -> String {
    format!(
        "[parameters]\n\"path.user_id\" = \"{user}\"\n\n\
         [[operations]]\ninclude-name = \"DELETE /api/users/{{user_id}}\"\nparameters = {{ \"path.user_id\" = \"nobody\" }}\n"
    )
}
