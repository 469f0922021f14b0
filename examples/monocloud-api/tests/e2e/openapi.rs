//! The OpenAPI document and its page.

use serde_json::{Value, json};

use crate::kit::{Answer, Server};
use crate::pages::{current, legacy};

async fn document(server: &Server) -> Value {
    Answer::to(server.request("GET", "/openapi.json")).await.of(200)
}

#[tokio::test]
async fn the_document_has_every_endpoint_and_only_those() {
    let server = Server::start();
    let document = document(&server).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    let mut listed = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            listed.push(format!("{} {}", method.to_uppercase(), path));
        }
    }
    listed.sort();
    let mut expected: Vec<String> = include_str!("endpoints.txt").lines().map(str::to_owned).collect();
    expected.sort();
    assert_eq!(listed, expected);
    for endpoint in listed {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let path = path.replace("{user_id}", "nobody").replace("{identifier_id}", "x").replace("{passkey_id}", "x");
        let answer = server.call(method, &path, None).await;
        assert_ne!(answer.status, 405, "{endpoint}");
        assert!(!answer.text.contains("nothing under this path"), "{endpoint}");
    }
}

/// Every reference below this value.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    for wire in ["current", "legacy"] {
        let document = document(&Server::with(&[("IDENTITY_WIRE", wire)])).await;
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}

#[tokio::test]
async fn its_schema_of_a_user_is_the_one_that_is_spoken() {
    for (wire, page) in [("current", current()), ("legacy", legacy())] {
        let server = Server::with(&[("IDENTITY_WIRE", wire)]);
        let document = document(&server).await;
        let name = document["components"]["schemas"]["User"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&schema["properties"]), keys(&page), "{wire}");
        assert_eq!(document["components"]["securitySchemes"]["key"]["name"], json!("X-API-KEY"));
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_anywhere_else() {
    let server = Server::start();
    let page = Answer::to(server.request("GET", "/docs")).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains("/api/users/{user_id}/phones/{identifier_id}/verify"));
    for other in ["http://", "https://", "<script", "//cdn", "@import", "src="] {
        let text = page.text.replace("https://httpstatuses.io", "");
        assert!(!text.contains(other), "{other}");
    }
}

#[tokio::test]
async fn the_process_says_that_it_lives_and_is_ready() {
    let server = Server::start();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(Answer::to(server.request("GET", path)).await.status, 200);
    }
}
