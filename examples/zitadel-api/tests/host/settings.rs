//! Settings: what is wrong with them is said, and nothing secret with it.

use reqwest::Method;

use crate::kit::{KEY, Server, program};

#[test]
fn a_host_with_bad_settings_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, said) in [
        ("IDENTITY_TOKENS", "", "there is no token"),
        ("IDENTITY_TOKENS", "a:admin,secret", "entry 2 of IDENTITY_TOKENS"),
        ("IDENTITY_TOKENS", "a:admin,secret:owner", "entry 2 of IDENTITY_TOKENS"),
        ("IDENTITY_KEY", "short", "IDENTITY_KEY"),
        ("IDENTITY_BLOCK", "no domain", "IDENTITY_BLOCK"),
        ("IDENTITY_TENANT", "", "tenant"),
        ("IDENTITY_DATABASE", "/nowhere/identity.db", "/nowhere/identity.db"),
        ("IDENTITY_LISTEN", "everywhere", "--listen"),
        ("IDENTITY_LISTEN", "192.0.2.1:1", "cannot listen on 192.0.2.1:1"),
        ("IDENTITY_RESEND_WAIT", "soon", "--resend-wait"),
        ("IDENTITY_LOG", "loud", "json"),
        ("IDENTITY_LINK_ORIGINS", "app.example.com", "--link-origins"),
        ("IDENTITY_LINK_ORIGINS", "https://app.example.com,https://app.example.com/path", "not an origin"),
    ] {
        let output = program(folder.path(), &[(name, value)]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(said), "{name}={value}: {error}");
        assert!(!error.contains("secret") && !error.contains(KEY), "{error}");
    }
    let mut no_key = program(folder.path(), &[]);
    let error = String::from_utf8(no_key.env_remove("IDENTITY_KEY").output().unwrap().stderr).unwrap();
    assert!(error.contains("openssl rand -hex 32"), "{error}");
    let output = program(folder.path(), &[]).arg("--databse=x").output().unwrap();
    assert!(!output.status.success() && String::from_utf8(output.stderr).unwrap().contains("--databse"));
}

#[test]
fn help_names_every_setting_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &[]).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in [
        "DATABASE",
        "LISTEN",
        "KEY",
        "TOKENS",
        "TOKENS_FILE",
        "LINK_ORIGINS",
        "TENANT",
        "RESEND_WAIT",
        "ALLOW",
        "BLOCK",
        "LOG",
    ] {
        assert!(help.contains(&format!("IDENTITY_{setting}")), "{setting}");
    }
    assert!(!help.contains(KEY) && !help.contains("root-token:admin,ada-token"), "{help}");
}

#[tokio::test]
async fn tokens_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, "root-token:admin\nada-token:user:ada\n").unwrap();
    let mut command = program(folder.path(), &[("IDENTITY_TOKENS_FILE", file.to_str().unwrap())]);
    let process = host_e2e::Process::start(command.env_remove("IDENTITY_TOKENS"));
    let url = format!("{}/v2/users/ada", process.base());
    let status = async |token: &str| {
        let request = reqwest::Client::new().get(&url).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((status("root-token").await, status("ada-token").await, status("eve-token").await), (404, 404, 401));

    let both = program(folder.path(), &[("IDENTITY_TOKENS_FILE", file.to_str().unwrap())]).output().unwrap();
    assert!(!both.status.success(), "one of them");
    let nowhere = [("IDENTITY_TOKENS_FILE", "/nowhere/tokens")];
    let output = program(folder.path(), &nowhere).env_remove("IDENTITY_TOKENS").output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/tokens"));
}

#[tokio::test]
async fn a_shorter_wait_lets_a_code_be_sent_again_at_once() {
    let server = Server::with(&[("IDENTITY_RESEND_WAIT", "0")]);
    server.add_ada().await;
    let phone = Some(serde_json::json!({"phone": "+441514960453"}));
    assert_eq!(server.call(Method::POST, "/v2/users/ada/phone", phone).await.status(), 200);
    for _ in 0..4 {
        assert_eq!(server.call(Method::POST, "/v2/users/ada/phone/resend", None).await.status(), 200);
    }
    let sixth = server.call(Method::POST, "/v2/users/ada/phone/resend", None).await;
    assert_eq!(sixth.status(), 429, "5 in ten minutes all the same");
}
