#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{HeaderValue, Request};
use axum::routing::get;
use axum::{Extension, Router};
use http_body_util::BodyExt as _;
use identity_axum::{ClientAddress, ClientLanguage, TrustedProxies};
use tower::ServiceExt as _;

async fn answer(router: Router, fields: &[(&str, &str)]) -> (u16, String) {
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    for (name, value) in fields {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn the_language_is_the_one_that_the_client_weighs_most_among_those_there_are() {
    let router = Router::new().route("/", get(async |ClientLanguage(tag): ClientLanguage| tag));
    for (field, tag) in [
        ("de", "de"),
        ("de-CH", "de"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en;q=0.1, ar;q=0.2, es;q=0.15", "ar"),
        ("pt-BR, fr;q=0.5", "fr"),
        ("fr;q=0, es;q=0.001", "es"),
        ("*", "en"),
        ("", "en"),
        ("xx, yy", "en"),
        (";;;q=,,,=;q=nan", "en"),
        ("de;q=-1, de;q=x", "en"),
        ("\u{fc}", "en"),
    ] {
        assert_eq!(answer(router.clone(), &[("accept-language", field)]).await, (200, tag.to_owned()), "{field}");
    }
    assert_eq!(answer(router.clone(), &[]).await.1, "en");
    let long = "xx,".repeat(10_000) + "de";
    assert_eq!(answer(router, &[("accept-language", &long)]).await.1, "en");
}

#[tokio::test]
async fn the_address_is_the_peers_or_the_one_that_the_first_trusted_proxy_saw() {
    let peer = |text: &str| MockConnectInfo(text.parse::<SocketAddr>().unwrap());
    let router = Router::new().route("/", get(async |address: ClientAddress| address.key().to_string()));
    let behind = |proxies: usize| router.clone().layer(Extension(TrustedProxies(proxies))).layer(peer("10.0.0.9:1"));
    let many = "6.6.6.6, 1.1.1.1, 2.2.2.2";
    for (proxies, fields, key) in [
        (0, vec![("x-forwarded-for", many)], "10.0.0.9"),
        (1, vec![("x-forwarded-for", many)], "2.2.2.2"),
        (2, vec![("x-forwarded-for", many)], "1.1.1.1"),
        (2, vec![("x-forwarded-for", "6.6.6.6, 1.1.1.1"), ("x-forwarded-for", "2.2.2.2")], "1.1.1.1"),
        (1, vec![("x-forwarded-for", "1.1.1.1:8080")], "1.1.1.1"),
        (1, vec![("x-forwarded-for", "[2001:db8:1:2:3:4:5:6]:443")], "2001:db8:1:2::"),
        (1, vec![("x-forwarded-for", "2001:db8:1:2:ffff::1")], "2001:db8:1:2::"),
        (1, vec![("x-forwarded-for", "[2001:db8:1:2::9]")], "2001:db8:1:2::"),
        (1, vec![("x-forwarded-for", "::ffff:1.2.3.4")], "1.2.3.4"),
        // Fewer than there are proxies, or no address.
        (4, vec![("x-forwarded-for", many)], "10.0.0.9"),
        (1, vec![], "10.0.0.9"),
        (1, vec![("x-forwarded-for", "unknown")], "10.0.0.9"),
        (1, vec![("x-forwarded-for", "6.6.6.6, \u{fc}")], "10.0.0.9"),
        (2, vec![("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "\u{fc}")], "6.6.6.6"),
    ] {
        assert_eq!(answer(behind(proxies), &fields).await, (200, key.to_owned()), "{proxies} {fields:?}");
    }
    let alone = router.clone().layer(peer("[2001:db8::1]:1"));
    assert_eq!(answer(alone, &[]).await.1, "2001:db8::");
    assert_eq!(answer(router, &[]).await.0, 500, "served without the peer's address");
}
