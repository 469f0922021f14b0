//! `/openapi.json`, and `/docs`: the same for people, one page without scripts that needs nothing from anywhere else.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;

use super::link_page::escaped;
use crate::app::App;
use crate::openapi::document;
use crate::wire::Wire;

/// Both routes; document and page are made once.
pub fn routes(wire: Wire) -> Router<Arc<App>> {
    let document = document(wire);
    let page: Arc<str> = page(&document).into();
    let json: Arc<str> = document.to_string().into();
    let json = move || async move { ([(header::CONTENT_TYPE, "application/json")], json.to_string()) };
    Router::new().route("/openapi.json", get(json)).route("/docs", get(move || async move { Html(page.to_string()) }))
}

fn page(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Users</title><style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
         code{background:#f2f2f2;padding:.1em .3em}pre{background:#f2f2f2;padding:1rem;overflow:auto}\
         summary{cursor:pointer}</style><h1>Users</h1><p>Send an API key in the header <code>X-API-KEY</code>. The same as \
         data: <a href=\"/openapi.json\">openapi.json</a>.</p>",
    );
    for (path, methods) in members(document, "/paths") {
        for (method, operation) in members(methods, "") {
            operation_into(&mut html, path, method, operation);
        }
    }
    html.push_str("<h2>Schemas</h2>");
    for (name, schema) in members(document, "/components/schemas") {
        let text = escaped(&serde_json::to_string_pretty(schema).unwrap_or_default());
        let name = escaped(name);
        // Writing to a text does not fail.
        let _ =
            write!(html, "<details id=\"{name}\"><summary><code>{name}</code></summary><pre>{text}</pre></details>");
    }
    html.push_str("</html>");
    html
}

fn operation_into(html: &mut String, path: &str, method: &str, operation: &Value) {
    let summary = escaped(text(operation, "/summary"));
    let (method, path) = (method.to_uppercase(), escaped(path));
    let _ = write!(html, "<h3>{summary}</h3><p><code>{method} {path}</code></p><ul>");
    for parameter in operation.pointer("/parameters").and_then(Value::as_array).into_iter().flatten() {
        let name = escaped(text(parameter, "/name"));
        let description = escaped(text(parameter, "/description"));
        let _ = write!(html, "<li><code>{name}</code> {description}</li>");
    }
    if let Some(body) = operation.pointer("/requestBody") {
        let _ = write!(html, "<li>Body: {}</li>", schema_links(body));
    }
    for (status, response) in members(operation, "/responses") {
        let description = escaped(text(response, "/description"));
        let _ = write!(html, "<li>{status}: {description} {}</li>", schema_links(response));
    }
    html.push_str("</ul>");
}

/// Links to the schemas that a value refers to.
fn schema_links(value: &Value) -> String {
    let text = value.to_string();
    let names = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(|name| format!("<a href=\"#{0}\">{0}</a> ", escaped(name))).collect()
}

fn members<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
