use std::path::Path;
use std::process::Command;

use host_e2e::{must_run, python_environment};
use serde_json::{Value, json};

use crate::kit::{Place, addresses, claims, name, user};

#[tokio::test]
async fn users_of_django_allauth_arrive_as_django_shows_them() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/allauth");
    let requirements = std::fs::read_to_string(scripts.join("requirements.txt")).unwrap();
    let python = python_environment(&requirements, &Path::new(env!("CARGO_TARGET_TMPDIR")).join("import-allauth"));
    let place = Place::new();
    let made = must_run(Command::new(python.join("python")).arg(scripts.join("users.py")).arg(place.source()));
    let made: Value = serde_json::from_str(&made).unwrap();
    let row = |what: &str| format!("auth_user {}", made["left"][what]);
    let left = [
        (row("twin"), "this e-mail address belongs to another user"),
        (row("invalid"), "emails[0]: "),
        (row("spaced"), "username: remove the white space"),
        (row("twice"), "two identifiers have the same id, or two addresses are the same"),
    ];
    let there = made["users"].as_array().unwrap();
    let users = place.import("django-allauth", there.len(), &left).await;
    let mut primaries = 0;
    for theirs in there {
        let ours = user(&users, &theirs["id"].to_string());
        let mut all = Vec::new();
        for email in theirs["emails"].as_array().unwrap() {
            let primary = email["verified"] == true && email["primary"] == true;
            primaries += usize::from(primary);
            all.push(json!([email["email"], email["verified"], primary]));
        }
        let email = &theirs["email"];
        if *email != "" && !all.iter().any(|known| known[0] == *email) {
            all.push(json!([email, false, false]));
        }
        assert_eq!(addresses(ours), Value::from(all));
        assert_eq!(ours.created_at(), theirs["joined"].as_str().unwrap().parse().unwrap());
        assert_eq!(ours.updated_at(), ours.created_at());
        assert_eq!(ours.is_disabled(), theirs["active"] == false);
        assert_eq!(name(ours), theirs["username"].as_str().filter(|name| !name.contains('@')));
    }
    let ada = users.iter().find(|user| name(user) == Some("Ada")).unwrap();
    assert_eq!(
        addresses(ada),
        json!([
            ["ada@example.com", true, false],
            ["ada@work.example", true, true],
            ["ada@third.example", false, false]
        ])
    );
    assert_eq!(Value::from(claims(ada).clone()), json!({"given_name": "Ada", "family_name": "Lovelace"}));
    assert_eq!((primaries, there.len()), (1, 5), "Ben's primary address is not verified");
}
