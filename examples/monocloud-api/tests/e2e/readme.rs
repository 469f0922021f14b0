//! The README's calls, run as they are written there.

use std::process::Command;
use std::sync::Arc;

use serde_json::Value;

use crate::kit::{API_KEY, Server, seed};
use crate::pages::{current_record, legacy_record};

const README: &str = include_str!("../../README.md");

/// The blocks of shell of a section.
fn blocks(section: &str) -> Vec<&'static str> {
    let text = README.split("\n## ").find(|text| text.starts_with(section)).unwrap();
    text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// Runs a call with its placeholders filled in.
fn run(block: &str, base: &str) -> Value {
    let phone = "ab66b6a2-df6b-4f9d-9eb2-5a7142984e70";
    let identifier = if block.contains("/emails/") { "6cec8047-6149-4d9b-8d99-91c83c22a9dc" } else { phone };
    let script = block
        .replace("https://<your-domain>", base)
        .replace("{user_id}", "UOtBaOybB6dTpIJNrnkRw")
        .replace("{identifier_id}", identifier)
        .replace("<your-api-key>", API_KEY);
    let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{error}\nThis test needs curl: on Debian `apt-get install curl`");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_pages_own_calls_work_as_written() {
    for (wire, mut record) in [("legacy", legacy_record()), ("current", current_record())] {
        record.phones[0].verified = None;
        record.emails[0].verified = None;
        let folder = Arc::new(tempfile::tempdir().unwrap());
        seed(folder.path(), record).await;
        let server = Server::on(folder, &[("IDENTITY_WIRE", wire)]);
        let blocks = blocks("Calls");
        let answers: Vec<Value> = blocks.iter().map(|block| run(block, &server.base)).collect();
        let [phone_verified, email_verified, added, primary] = answers.as_slice() else { panic!("four calls") };
        assert_eq!(phone_verified["phone_numbers"][0]["verified"], true);
        assert_eq!(phone_verified["emails"][0]["verified"], false);
        assert_eq!(email_verified["emails"][0]["verified"], true);
        assert_eq!(added["phone_numbers"][1]["phone"], "+919988776655");
        assert_eq!(primary["phone_numbers"][0]["primary"], true);
    }
}

#[test]
fn it_names_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(crate::kit::run(folder.path(), &["--help"]).stdout).unwrap();
    let variables = help.split("[env: ").skip(1).map(|rest| rest.split(['=', ']']).next().unwrap());
    let mut count = 0;
    for variable in variables {
        assert!(README.contains(&format!("`{variable}`")), "{variable}");
        count += 1;
    }
    assert!(count >= 11, "{count}");
}
