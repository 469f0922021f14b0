//! One service in four dialects: the same calls have the same outcomes, whoever makes them.

use serde_json::{Map, Value, json};

use crate::client::{Client, Kind};
use crate::server::{ROOT, Server};

const KINDS: [Kind; 5] = [Kind::Rest, Kind::Rust, Kind::NodeGrpc, Kind::NodeGrpcWeb, Kind::Python];

/// How many calls each client makes.
const CALLS: usize = 240;

/// A choice after another, the same ones in every run.
struct Choices(u64);

impl Choices {
    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        // The constants of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        &all[usize::try_from(self.0 >> 33).unwrap() % all.len()]
    }
}

/// One client, the user that is its own, and the codes that it was given.
struct Caller {
    client: Client,
    number: usize,
    codes: Map<String, Value>,
}

impl Caller {
    /// Makes a call in which `#` stands for what is this caller's own, and gives what came of it in the same words for all.
    async fn outcome(&mut self, method: &str, request: &Value) -> Value {
        let own = |text: &str| text.replace('#', &self.number.to_string());
        let mut request: Value = serde_json::from_str(&own(&request.to_string())).unwrap();
        let channel = if method.contains("Email") { "email" } else { "phone" };
        if request["verificationCode"] == "the last one" {
            request["verificationCode"] = self.codes.get(channel).cloned().unwrap_or(json!("000000"));
        }
        match self.client.call(None, ROOT, method, request.clone()).await {
            Ok(mut answer) => {
                if let Some(code) = answer.as_object_mut().unwrap().remove("verificationCode") {
                    self.codes.insert(channel.to_owned(), code);
                    answer["verificationCode"] = json!("six digits");
                }
                answer["details"] = answer["details"]["sequence"].take();
                if let Some(user) = answer.get_mut("user") {
                    user["details"].take();
                }
                json!(
                    answer
                        .to_string()
                        .replace(&format!("own{}", self.number), "own#")
                        .replace(&format!("496{}", self.number), "496#",)
                )
            }
            Err(refused) => json!([refused.code, refused.text, refused.id, refused.retry_after.is_some()]),
        }
    }
}

fn call(choices: &mut Choices) -> (&'static str, Value) {
    const EMAILS: [&str; 8] = [
        "own#@example.com",
        "own#.else@example.com",
        " own#@example.com ",
        "own#@bücher.example",
        "own# at example.com",
        "own#@example.com\u{0}",
        "",
        "own#@example.com,eve@example.com",
    ];
    const PHONES: [&str; 8] = [
        "+44151496#453",
        "+44 151 496 #553",
        "tel:+44151496#453",
        "0151 496 #453",
        "+44151496#453 ext. 5",
        "+44151496",
        "",
        "\u{202e}+44151496#453",
    ];
    const METHODS: [&str; 16] = [
        "SetEmail",
        "SetEmail",
        "SetEmail",
        "ResendEmailCode",
        "SendEmailCode",
        "VerifyEmail",
        "VerifyEmail",
        "VerifyEmail",
        "SetPhone",
        "SetPhone",
        "SetPhone",
        "RemovePhone",
        "ResendPhoneCode",
        "VerifyPhone",
        "VerifyPhone",
        "GetUserByID",
    ];
    let method = *choices.of(&METHODS);
    let good = *choices.of(&[true, false]);
    let email = if good { *choices.of(&EMAILS[..2]) } else { *choices.of(&EMAILS) };
    let phone = if good { *choices.of(&PHONES[..2]) } else { *choices.of(&PHONES) };
    let mut request =
        json!({ "userId": *choices.of(&["own#", "own#", "own#", "own#", "own#", "own#", "own#", "nobody"]) });
    match method {
        "SetEmail" => request["email"] = json!(email),
        "SetPhone" => request["phone"] = json!(phone),
        "VerifyEmail" | "VerifyPhone" => {
            let long = "é".repeat(21);
            let codes = ["the last one", "the last one", "the last one", "000000", " ", "", &long];
            request["verificationCode"] = json!(*choices.of(&codes));
        }
        _ => {}
    }
    let of_email = [json!({}), json!({ "urlTemplate": "https://example.com/{{.Code}}" }), json!({ "urlTemplate": "" })];
    let (verification, value) =
        match *choices.of(&["", "returnCode", "returnCode", "returnCode", "sendCode", "isVerified"]) {
            "returnCode" => ("returnCode", json!({})),
            "sendCode" if method.contains("Email") => ("sendCode", choices.of(&of_email).clone()),
            "sendCode" => ("sendCode", json!({})),
            "isVerified" if method.starts_with("Set") => ("isVerified", json!(*choices.of(&[true, false]))),
            _ => return (method, request),
        };
    if method.contains("Set") || method.contains("end") {
        request[verification] = value;
    }
    (method, request)
}

#[tokio::test]
async fn the_same_calls_have_the_same_outcomes_in_every_dialect() {
    let server = Server::with(&[("IDENTITY_RESEND_WAIT", "0")]);
    let mut callers = Vec::new();
    for (number, kind) in KINDS.into_iter().enumerate() {
        let mut client = Client::new(kind, &server);
        let profile = json!({ "givenName": "Ada", "familyName": "Lovelace" });
        let email = json!({ "email": format!("first-own{number}@example.com"), "isVerified": true });
        let user = json!({ "userId": format!("own{number}"), "profile": profile, "email": email });
        client.does(ROOT, "AddHumanUser", user).await;
        callers.push(Caller { client, number, codes: Map::new() });
    }
    let mut choices = Choices(1);
    let (mut answered, mut refused) = (0, std::collections::BTreeSet::new());
    for step in 0..CALLS {
        let (method, request) = call(&mut choices);
        let mut outcomes = Vec::new();
        for caller in &mut callers {
            outcomes.push(caller.outcome(method, &request).await);
        }
        let first = outcomes[0].clone();
        for (outcome, kind) in outcomes.into_iter().zip(KINDS) {
            assert_eq!(outcome, first, "step {step}, {method} {request}: {kind:?} and REST differ");
        }
        if first.is_array() {
            refused.insert(first.to_string());
        } else {
            answered += 1;
        }
    }
    // It has been somewhere.
    assert!(answered > CALLS / 8, "{answered}");
    assert!(refused.len() > 12, "{refused:#?}");
}
