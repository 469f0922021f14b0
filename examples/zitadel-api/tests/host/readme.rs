//! The README's calls, run as they are written there.

use std::process::Command;

use serde_json::{Value, json};

use crate::kit::{Server, program};

const README: &str = include_str!("../../README.md");

/// The blocks of shell of a section.
fn blocks(section: &str) -> Vec<&'static str> {
    let text = README.split("\n## ").find(|text| text.starts_with(section)).unwrap();
    text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

fn run(block: &str, server: &Server, code: &str) -> Value {
    let script = block.replace("http://localhost:8080", &server.process.base()).replace("<the-code>", code);
    let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{error}\nThis test needs curl: on Debian `apt-get install curl`");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_calls_work_as_written() {
    let server = Server::start();
    let [add, set, verify, get] = blocks("Calls").try_into().unwrap();
    assert_eq!(run(add, &server, "")["userId"], "ada");
    assert!(run(set, &server, "")["details"]["sequence"].is_string());
    let line: Value = serde_json::from_str(&server.process.log.line_with(&["a message", "\"code\":"])).unwrap();
    assert!(run(verify, &server, line["code"].as_str().unwrap())["details"]["sequence"].is_string());
    let phone = json!({"phone": "+441514960453", "isVerified": true});
    assert_eq!(run(get, &server, "")["user"]["human"]["phone"], phone);
}

#[test]
fn it_names_every_setting_and_every_id_of_our_own() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &[]).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let variables = help.split("[env: ").skip(1).map(|rest| rest.split(['=', ']']).next().unwrap());
    let variables: Vec<_> = variables.collect();
    assert!(variables.len() >= 9, "{variables:?}");
    let sources = [
        include_str!("../../src/failure.rs"),
        include_str!("../../src/service/human.rs"),
        include_str!("../../src/service/calls.rs"),
    ];
    let ids = sources.iter().flat_map(|source| source.split("\"IDENTITY-").skip(1));
    let ids: Vec<String> = ids.map(|rest| format!("IDENTITY-{}", rest.split('"').next().unwrap())).collect();
    assert!(ids.len() >= 10, "{ids:?}");
    let internal = ["IDENTITY-internal", "IDENTITY-refused"];
    for name in variables.into_iter().map(str::to_owned).chain(ids).filter(|id| !internal.contains(&id.as_str())) {
        assert!(README.contains(&format!("`{name}`")), "{name}");
    }
}
