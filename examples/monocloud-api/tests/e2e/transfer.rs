//! Users in from a file and out to one.

use std::fs;

use serde_json::{Value, json};

use crate::kit::{Server, run};
use crate::pages::current;

fn with(mut user: Value, changes: Value) -> String {
    for (key, value) in changes.as_object().unwrap() {
        user[key] = value.clone();
    }
    user.to_string()
}

/// A user of its own: other ids, other addresses.
fn other(number: usize, changes: Value) -> String {
    let id = |kind: usize| uuid::Uuid::from_u128((number * 10 + kind) as u128).to_string();
    let mut user = current();
    user["user_id"] = format!("user-{number}").into();
    user["username"]["username"] = format!("name-{number}").into();
    user["emails"][0]["email"] = format!("mail{number}@example.com").into();
    user["phone_numbers"] = json!([]);
    user["username"]["id"] = id(1).into();
    user["emails"][0]["id"] = id(2).into();
    with(user, changes)
}

#[test]
fn an_import_reports_bad_lines_takes_the_rest_and_is_safe_to_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.jsonl");
    let lines = [
        current().to_string(),
        "{not json".to_owned(),
        other(1, json!({})),
        String::new(),
        other(
            2,
            json!({"emails": [{"id": uuid::Uuid::nil(), "email": "nobody", "primary": false, "verified": false, "source": null, "verification_source": null}]}),
        ),
        other(3, json!({"favourite_colour": "green"})),
        other(4, json!({"username": {"id": uuid::Uuid::max(), "username": "NAME-1", "source": null}})),
        other(5, json!({"creation_time": "yesterday"})),
        other(6, json!({})),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let (file, out) = (file.to_str().unwrap().to_owned(), folder.path().join("out.jsonl"));
    let said = |text: &str, bad: &[(usize, &str)]| {
        for (line, reason) in bad {
            let reported = text.lines().find(|reported| reported.starts_with(&format!("line {line}: ")));
            assert!(reported.is_some_and(|reported| reported.contains(reason)), "line {line}: {text}");
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("line ")).count(), bad.len(), "{text}");
    };
    let bad = [
        (2, "key must be a string"),
        (5, "emails[0]"),
        (6, "favourite_colour"),
        (7, "this username belongs to another user"),
        (8, "creation_time"),
    ];
    for counts in ["3 imported, 0 already there, 5 bad", "0 imported, 3 already there, 5 bad"] {
        let output = run(folder.path(), &["--import", &file]);
        let text = String::from_utf8(output.stderr).unwrap();
        said(&text, &bad);
        assert!(text.contains(counts), "{text}");
        assert!(!output.status.success(), "a script learns that lines were bad");
    }

    let exported = run(folder.path(), &["--export", out.to_str().unwrap()]);
    assert!(exported.status.success());
    let text = fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count(), 3);
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(text.lines().any(|line| serde_json::from_str::<Value>(line).unwrap() == current()), "{first}");

    let elsewhere = tempfile::tempdir().unwrap();
    let imported = run(elsewhere.path(), &["--import", out.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let again = run(elsewhere.path(), &["--export", "-"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text, "what goes out comes in, and goes out the same");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["--import", "/nowhere/users.jsonl"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/users.jsonl"));
}

#[tokio::test]
async fn what_was_imported_is_served() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let file = folder.path().join("users.jsonl");
    fs::write(&file, current().to_string()).unwrap();
    assert!(run(folder.path(), &["--import", file.to_str().unwrap()]).status.success());
    let server = Server::on(folder, &[]);
    assert_eq!(server.get("/api/users/UOtBaOybB6dTpIJNrnkRw").await.of(200), current());
}
