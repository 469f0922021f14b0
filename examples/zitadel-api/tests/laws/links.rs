//! c100: a link in a message leads where the host's configuration says, never where a holder's request says.

use prost::Message;
use serde_json::{Value, json};
use zitadel_api::wire::{
    ResendEmailCodeRequest, SERVICE, SendEmailCodeRequest, SendEmailVerificationCode, SetEmailRequest,
    resend_email_code_request, send_email_code_request, set_email_request,
};

use crate::kit::{ADAS, Answer, Host, base64, framed};

const VICTIM: &str = "victim@example.com";

/// A call that carries a template: its REST path, its JSON and its binary form.
struct Templated {
    method: &'static str,
    path: &'static str,
    json: Value,
    binary: Vec<u8>,
    frame: Vec<u8>,
}

impl Templated {
    fn new(method: &'static str, path: &'static str, json: Value, message: &impl Message) -> Self {
        Self { method, path, json, binary: message.encode_to_vec(), frame: framed(message) }
    }

    /// The three calls of a holder that carry a template.
    fn all(template: &str) -> [Self; 3] {
        let send = || SendEmailVerificationCode { url_template: Some(template.to_owned()) };
        let (user_id, email) = ("ada".to_owned(), VICTIM.to_owned());
        let choice = json!({"urlTemplate": template});
        let set = SetEmailRequest {
            user_id: user_id.clone(),
            email,
            verification: Some(set_email_request::Verification::SendCode(send())),
        };
        let resend = ResendEmailCodeRequest {
            user_id: user_id.clone(),
            verification: Some(resend_email_code_request::Verification::SendCode(send())),
        };
        let again = SendEmailCodeRequest {
            user_id,
            verification: Some(send_email_code_request::Verification::SendCode(send())),
        };
        let json = json!({"userId": "ada", "sendCode": choice});
        [
            Self::new("SetEmail", "email", json!({"userId": "ada", "email": VICTIM, "sendCode": choice}), &set),
            Self::new("ResendEmailCode", "email/resend", json.clone(), &resend),
            Self::new("SendEmailCode", "email/send", json, &again),
        ]
    }

    /// The answers of every dialect to a caller with this token, each as gRPC's code and the text.
    async fn outcomes(&self, host: &Host, token: &str) -> Vec<(i64, String)> {
        let bearer = format!("Bearer {token}");
        let send = async |path: String, media_type: &str, body: Vec<u8>| -> Answer {
            host.raw("POST", &path, &[("authorization", &bearer), ("content-type", media_type)], body).await
        };
        let rpc = format!("/{SERVICE}/{}", self.method);
        let json = self.json.to_string().into_bytes();
        let rest = send(format!("/v2/users/ada/{}", self.path), "application/json", json.clone()).await.json();
        let mut outcomes =
            vec![(rest["code"].as_i64().unwrap_or(0), rest["message"].as_str().unwrap_or_default().to_owned())];
        for (media_type, body) in [("application/json", json), ("application/proto", self.binary.clone())] {
            let answer = send(rpc.clone(), media_type, body).await;
            if answer.status == 200 {
                outcomes.push((0, String::new()));
                continue;
            }
            let error = answer.json();
            let code = match error["code"].as_str().unwrap() {
                "permission_denied" => 7,
                "resource_exhausted" => 8,
                "invalid_argument" => 3,
                "failed_precondition" => 9,
                other => panic!("{other}"),
            };
            outcomes.push((code, error["message"].as_str().unwrap().to_owned()));
        }
        for (media_type, body) in [
            ("application/grpc", self.frame.clone()),
            ("application/grpc-web", self.frame.clone()),
            ("application/grpc-web-text", base64(&self.frame).into_bytes()),
        ] {
            let (code, text) = send(rpc.clone(), media_type, body).await.grpc_status();
            outcomes.push((code.into(), text));
        }
        outcomes
    }
}

async fn links(host: &Host) -> Vec<String> {
    host.sent().await.into_iter().filter_map(|(_, _, link)| link).collect()
}

#[tokio::test]
async fn c100_a_holder_does_not_choose_where_a_link_leads_in_any_call_or_dialect() {
    for (origins, template) in [
        (None, "https://evil.example/c?u={{.UserID}}&c={{.Code}}"),
        (None, "https://example.com/{{.Code}}"),
        (Some("--link-origins=https://app.example.com"), "https://evil.example/{{.Code}}"),
        (Some("--link-origins=https://app.example.com"), "http://app.example.com/{{.Code}}"),
        (Some("--link-origins=https://app.example.com"), "https://app.example.com:444/{{.Code}}"),
        (Some("--link-origins=https://app.example.com"), "https://app.example.com.evil.example/{{.Code}}"),
        (Some("--link-origins=https://app.example.com"), "https://evil.app.example.com/{{.Code}}"),
        (Some("--link-origins=https://app.example.com"), "https://app.example.com./{{.Code}}"),
    ] {
        let host = Host::with(&origins.into_iter().collect::<Vec<_>>()).await;
        host.add("ada", "ada@example.com").await;
        // There is a code outstanding that may be sent again.
        host.rest(ADAS, "POST", "/v2/users/ada/email", json!({"email": "new@example.com"})).await.of(200);
        host.pass(31);
        let before = host.state().await;
        for call in Templated::all(template) {
            for outcome in call.outcomes(&host, ADAS).await {
                let refused = (7, "No matching permissions found (AUTH-AWfge)".to_owned());
                assert_eq!(outcome, refused, "{} {template}", call.method);
            }
        }
        assert_eq!(host.state().await, before);
        assert_eq!(links(&host).await, [""; 0]);
    }
}

#[tokio::test]
async fn c100_a_holder_may_name_an_origin_of_the_configuration() {
    let origins = "--link-origins=https://app.example.com,http://localhost:3000";
    for (template, start) in [
        ("https://app.example.com/c?u={{.UserID}}&c={{.Code}}", "https://app.example.com/c?u=ada&c="),
        ("https://APP.example.com:443/?c={{.Code}}", "https://APP.example.com:443/?c="),
        ("http://localhost:3000/{{.Code}}", "http://localhost:3000/"),
    ] {
        let host = Host::with(&[origins, "--resend-wait=0"]).await;
        host.add("ada", "ada@example.com").await;
        for call in Templated::all(template) {
            for (code, text) in call.outcomes(&host, ADAS).await {
                // The same address again is `COMMAND-Uch5e`; the sixth message in ten minutes is too soon.
                assert!([0, 8, 9].contains(&code), "{} {template}: {text}", call.method);
            }
        }
        let links = links(&host).await;
        assert_eq!(links.len(), 5, "{links:?}");
        assert!(links.iter().all(|link| link.starts_with(start)), "{links:?}");
    }
}

#[tokio::test]
async fn a_holder_sends_an_administrators_link_again() {
    let host = Host::with_ada().await;
    let template = json!({"urlTemplate": "https://anywhere.example/{{.Code}}"});
    host.post("/v2/users/ada/email", json!({"email": VICTIM, "sendCode": template})).await.of(200);
    host.pass(31);
    host.rest(ADAS, "POST", "/v2/users/ada/email/resend", None).await.of(200);
    let links = links(&host).await;
    assert_eq!(links.len(), 2);
    assert!(links.iter().all(|link| link.starts_with("https://anywhere.example/")), "{links:?}");
}
