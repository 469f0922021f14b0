//! Requests at random, made from the OpenAPI document.

use std::fs;
use std::path::Path;
use std::process::Command;

use host_e2e::{must_run, python_environment};
use serde_json::json;

use crate::kit::{API_KEY, Server};

/// The tool, pinned; a later one may look for more, or less.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

#[tokio::test]
async fn c62_no_request_made_from_the_document_gets_a_5xx_or_breaks_the_document() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let tool = python_environment(SCHEMATHESIS, &folder).join("schemathesis");
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
