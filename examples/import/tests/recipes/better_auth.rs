use std::path::Path;
use std::process::Command;

use host_e2e::{must_run, npm_folder};
use serde_json::{Value, json};

use crate::kit::{Place, addresses, claims, name, user};

#[tokio::test]
async fn users_of_better_auth_arrive_as_it_shows_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import-better-auth");
    npm_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/better-auth"), &folder);
    let place = Place::new();
    let made = must_run(Command::new("node").arg("users.mjs").arg(place.source()).current_dir(folder));
    let made: Value = serde_json::from_str(&made).unwrap();
    let row = |what: &str| format!("user {}", made["left"][what].as_str().unwrap());
    let left = [
        (row("twin"), "this e-mail address belongs to another user"),
        (row("invalid"), "emails[0]: "),
        (row("national"), "phones[0]: "),
        (row("timeless"), "createdAt: a time is written as"),
        (row("spaced"), "username: remove the white space"),
    ];
    let there = made["users"].as_array().unwrap();
    let users = place.import("better-auth", there.len(), &left).await;
    for theirs in there {
        let ours = user(&users, theirs["id"].as_str().unwrap());
        let (email, phone) = (&theirs["emailVerified"], theirs["phoneNumberVerified"].as_bool() == Some(true));
        let mut all = vec![json!([theirs["email"], email, email])];
        all.extend(theirs["phoneNumber"].as_str().map(|number| json!([number, phone, phone])));
        assert_eq!(addresses(ours), Value::from(all));
        for (time, shown) in [(ours.created_at(), "createdAt"), (ours.updated_at(), "updatedAt")] {
            assert_eq!(time, theirs[shown].as_str().unwrap().parse().unwrap());
        }
        let shown = theirs["displayUsername"].as_str().or(theirs["username"].as_str());
        assert_eq!(name(ours), shown);
        assert_eq!(claims(ours).get("name"), Some(&theirs["name"]).filter(|name| *name != ""));
        assert_eq!(ours.is_disabled(), theirs["name"] == "Cy", "a ban that has ended is none");
    }
    // Verified or not, with a phone or without, named or not: there is one of each.
    let shown = |of: &str| there.iter().filter(|user| user[of].as_bool() == Some(true)).count();
    assert_eq!((shown("emailVerified"), shown("phoneNumberVerified"), shown("banned"), there.len()), (1, 1, 2, 5));
    let ada = users.iter().find(|user| name(user) == Some("Ada_L")).unwrap();
    assert_eq!(claims(ada)["picture"], "https://example.com/ada.png");
}
