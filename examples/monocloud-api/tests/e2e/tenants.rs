//! Several tenants in one process, by host name.

use serde_json::json;

use crate::kit::{Answer, Server};

const SETTINGS: [(&str, &str); 2] = [
    ("IDENTITY_HOSTS", "shop.example.com=shop,forum.example.com=forum"),
    ("IDENTITY_API_KEY", "clerk@shop:of-the-shop,mods@forum:of-the-forum,root@*:of-all"),
];

async fn get(server: &Server, host: &str, key: &str) -> Answer {
    Answer::to(server.request("GET", "/api/users").header("host", host).header("X-API-KEY", key)).await
}

#[tokio::test]
async fn nothing_crosses_from_one_tenant_into_another() {
    let server = Server::with(&SETTINGS);
    let body = json!({"username": "ada", "email": "ada@example.com", "email_verified": true});
    let mut ids = Vec::new();
    for (host, key) in [("shop.example.com", "of-the-shop"), ("Forum.example.com:443", "of-the-forum")] {
        let request = server.request("POST", "/api/users").header("host", host).header("X-API-KEY", key).json(&body);
        ids.push(Answer::to(request).await.of(201)["user_id"].as_str().unwrap().to_owned());
        assert_eq!(get(&server, host, key).await.of(200).as_array().unwrap().len(), 1);
    }
    let path = format!("/api/users/{}", ids[0]);
    let request = server.request("GET", &path).header("host", "forum.example.com").header("X-API-KEY", "of-the-forum");
    Answer::to(request).await.problem(404);
    get(&server, "forum.example.com", "of-the-shop").await.problem(401);
    get(&server, "shop.example.com", "of-the-forum").await.problem(401);
    get(&server, "shop.example.com", "of-all").await.of(200);
    get(&server, "forum.example.com", "of-all").await.of(200);
    get(&server, "elsewhere.example.com", "of-all").await.problem(404);
}

#[tokio::test]
async fn the_tenant_may_be_a_setting() {
    let server = Server::with(&[("IDENTITY_TENANT", "shop"), ("IDENTITY_API_KEY", "of-the-shop")]);
    get(&server, "anything", "of-the-shop").await.of(200);
}
