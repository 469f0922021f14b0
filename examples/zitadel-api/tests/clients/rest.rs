//! REST, as curl speaks it.

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use reqwest::{Client, Method};
use serde_json::Value;

use crate::refused::Refused;

/// Where a call goes, and what is left of its request for the body.
fn route(method: &str, request: &Value) -> (Method, String, Value) {
    let mut body = request.clone();
    if method == "AddHumanUser" {
        return (Method::POST, "/v2/users/human".to_owned(), body);
    }
    let user = body.as_object_mut().unwrap().remove("userId").unwrap();
    let user = user.as_str().unwrap();
    let (verb, rest) = match method {
        "SetEmail" => (Method::POST, "/email"),
        "ResendEmailCode" => (Method::POST, "/email/resend"),
        "SendEmailCode" => (Method::POST, "/email/send"),
        "VerifyEmail" => (Method::POST, "/email/verify"),
        "SetPhone" => (Method::POST, "/phone"),
        "RemovePhone" => (Method::DELETE, "/phone"),
        "ResendPhoneCode" => (Method::POST, "/phone/resend"),
        "VerifyPhone" => (Method::POST, "/phone/verify"),
        "DeleteUser" => (Method::DELETE, ""),
        "GetUserByID" => (Method::GET, ""),
        other => panic!("no such method: {other}"),
    };
    (verb, format!("/v2/users/{user}{rest}"), body)
}

pub(crate) async fn call(client: &Client, base: &str, step: &Value) -> Result<Value, Refused> {
    let (verb, path, body) = route(step["method"].as_str().unwrap(), &step["request"]);
    let mut request = client.request(verb.clone(), format!("{base}{path}"));
    if let Some(token) = step["token"].as_str() {
        request = request.bearer_auth(token);
    }
    if let Some(language) = step["language"].as_str() {
        request = request.header(ACCEPT_LANGUAGE, language);
    }
    if verb == Method::POST {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    assert!(headers[CONTENT_TYPE].to_str().unwrap().starts_with("application/json"), "{status} {headers:?} {text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    if status == 200 { Ok(body) } else { Err(Refused::by_rest(status.as_u16(), &body)) }
}
