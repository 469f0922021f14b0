//! Requests to the hosts: of the two APIs, and of the pages that `identity-axum` brings.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::MockConnectInfo;
use axum::extract::{Extension, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::routing::get;
use host_kit::TenantNames;
use identity::testing::HandClock;
use identity::{CodeKeys, UserId};
use identity_axum::{ClientAddress, ClientLanguage, Entered, TrustedProxies, account_page, sign_in_page};
use identity_texts::{Brand, Links, Texts};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use zitadel_api::service::Users;

use crate::kit::{KEY, Known, NOW, known, over};

/// A line: the method, the path, the media type, and behind one space each the body.
fn request(bytes: &[u8]) -> Option<Request<Body>> {
    let mut words = bytes.splitn(4, |byte| *byte == b' ');
    let [method, path, kind, body] = [(); 4].map(|()| words.next().unwrap_or_default());
    let uri = Uri::try_from(path).ok()?;
    let header =
        |value: &[u8]| axum::http::HeaderValue::from_bytes(value).unwrap_or_else(|_| "x".parse().expect("text"));
    let request = Request::builder().method(method).uri(uri).header("content-type", header(kind));
    // Whoever reads these headers reads what nobody wrote, too.
    let request = request.header("accept-language", header(body)).header("x-forwarded-for", header(body));
    let request = request.header("authorization", "Bearer root-token").header("x-api-key", "s3cret");
    request.header("sec-fetch-site", "same-origin").body(Body::from(body.to_vec())).ok()
}

fn answer(runtime: &Runtime, router: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    runtime.block_on(async {
        let (parts, body) = router.clone().oneshot(request).await.expect("a router answers").into_parts();
        let body = to_bytes(body, 1 << 24).await.expect("an answer in memory");
        (parts.status, parts.headers, body.to_vec())
    })
}

/// No request makes the host fail, and what it refuses it refuses with a reason in this form.
fn holds(
    runtime: &Runtime,
    router: &Router,
    valid: &[String],
    has_reason: impl Fn(StatusCode, &HeaderMap, &[u8]) -> bool,
) {
    // Unedited, each reaches its handler.
    for text in valid {
        let (status, _, body) = answer(runtime, router, request(text.as_bytes()).expect("a request"));
        assert!(![405, 415].contains(&status.as_u16()), "{text}: {status}: {}", String::from_utf8_lossy(&body));
    }
    over!(valid.to_vec(), |bytes: &[u8]| {
        let Some(request) = request(bytes) else { return };
        let is_head = request.method() == "HEAD";
        let (status, headers, body) = answer(runtime, router, request);
        let said = || format!("{:?}: {status}: {}", String::from_utf8_lossy(bytes), String::from_utf8_lossy(&body));
        // A method that is not there is answered with 501 in one of the dialects.
        assert!(status.as_u16() < 500 || status.as_u16() == 501, "{}", said());
        assert!(status.as_u16() < 400 || is_head || has_reason(status, &headers, &body), "{}", said());
    });
}

fn member(body: &[u8], name: &str) -> bool {
    let json: Result<serde_json::Value, _> = serde_json::from_slice(body);
    json.is_ok_and(|json| json[name].as_str().is_some_and(|text| !text.is_empty()))
}

#[test]
fn no_request_makes_the_first_api_fail() {
    let Known { identity, runtime, .. } = known();
    let tenants = TenantNames::new(identity.tenant().clone(), &[]).expect("no names");
    let keys = monocloud_api::ApiKeys::parse("ops:s3cret", identity.tenant()).expect("a key");
    let app = monocloud_api::App { identity, tenants, keys, wire: monocloud_api::wire::Wire::default() };
    let router = monocloud_api::router(app);
    let valid = [
        r#"POST /api/users application/json {"username":"b","emails":[{"email":"c@example.com","is_verified":true}]}"#,
        "GET /api/users?page=1&size=10&sort=created_at:desc&filter=ada application/json ",
        r#"PUT /api/users/ada/username application/json {"username":"Bea"}"#,
        r#"POST /api/users/ada/emails application/json {"email":"d@example.com","is_verified":false}"#,
        r#"POST /api/users/ada/phones application/json {"phone":"+441514960454"}"#,
        r#"PATCH /api/users/ada/claims application/json {"claims":{"name":null,"x":[1,2.5e300]}}"#,
        r#"PATCH /api/users/ada/private_data application/json {"private_data":{"a":{"b":1}}}"#,
        "POST /api/users/ada/emails/01900000-0000-7000-8000-000000000000/verify application/json ",
        "DELETE /api/users/ada%2e/passkeys/x application/json ",
    ];
    holds(&runtime, &router, &valid.map(str::to_owned), |_, headers, body| {
        headers["content-type"] == "application/problem+json" && member(body, "title") && member(body, "detail")
    });
}

#[test]
fn no_request_makes_the_second_api_fail() {
    let Known { identity, runtime, .. } = known();
    let tokens = zitadel_api::AccessTokens::parse("root-token:admin:root").expect("a token");
    let users = Users::new(identity, CodeKeys::parse(KEY).expect("a key"), Arc::new(HandClock::at(NOW)));
    let router = runtime.block_on(zitadel_api::router(zitadel_api::App { users, tokens })).expect("descriptors");
    let valid = [
        r#"POST /v2/users/human application/json {"userId":"b","profile":{"givenName":"B","familyName":"C"},"email":{"email":"f@example.com","isVerified":true}}"#,
        "GET /v2/users/ada application/json ",
        r#"POST /v2/users/ada/email application/json {"email":"g@example.com","sendCode":{"urlTemplate":"https://example.com/v?code={{.Code}}"}}"#,
        r#"POST /v2/users/ada/phone application/json {"phone":"+441514960454","returnCode":{}}"#,
        r#"POST /v2/users/ada/email/verify application/json {"verificationCode":"ABC123"}"#,
        r#"POST /zitadel.user.v2.UserService/SetEmail application/json {"userId":"ada","email":"h@example.com","returnCode":{}}"#,
        "POST /zitadel.user.v2.UserService/VerifyEmail application/proto \n\u{3}ada\u{12}\u{6}ABC123",
        "POST /zitadel.user.v2.UserService/GetUserByID application/grpc-web+proto \0\0\0\0\u{5}\n\u{3}ada",
        "POST /zitadel.user.v2.UserService/GetUserByID application/grpc \0\0\0\0\u{5}\n\u{3}ada",
    ];
    holds(&runtime, &router, &valid.map(str::to_owned), |_, _, body| member(body, "message"));
}

/// Ada is signed in, whoever asks.
struct SignedIn;

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Ok(Self)
    }
}

impl From<SignedIn> for UserId {
    fn from(_: SignedIn) -> Self {
        Self::parse("ada").expect("an id")
    }
}

#[test]
fn no_request_makes_the_pages_fail() {
    let known = known();
    let (keys, posted) = (CodeKeys::parse(KEY).expect("a key"), known.posted());
    let link = posted.iter().find_map(|posted| posted.message.link(&keys)).expect("a link").reveal();
    let (undo, Known { identity, runtime, key, .. }) = (known.undo(), known);
    let links = |path: &str| Links::new(&format!("https://accounts.example.com/{path}")).expect("a URL");
    let brand = Brand::new("R & D", links("account/link")).with_sign_in_links(links("sign-in/link"));
    let brand = brand.with_undo_links(links("account/undo"));
    let texts = Texts::builder(brand, HandClock::at(NOW)).build().expect("texts");
    let begin = async |entered: Entered| entered.user.to_string();
    let who =
        async |ClientAddress(at): ClientAddress, ClientLanguage(language): ClientLanguage| format!("{at} {language}");
    let router: Router = Router::new()
        .nest("/account", account_page::<SignedIn, _>(identity.clone(), texts.clone(), keys))
        .nest("/sign-in", sign_in_page(identity.clone(), texts, begin))
        .route("/who", get(who))
        .layer(Extension(TrustedProxies(2)))
        .layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    let ask = |line: &str| answer(&runtime, &router, request(line.as_bytes()).expect("a request"));
    let token = |line: &str| {
        let (_, _, page) = ask(line);
        let page = String::from_utf8(page).expect("a page");
        let (_, rest) = page.split_once("name=\"token\" value=\"").expect("a form has its token");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let (of_account, kind) = (token("GET /account x "), "application/x-www-form-urlencoded");
    let user = runtime.block_on(identity.admin("staff").get(&key.user)).expect("she is there");
    let id = user.emails().entries()[0].id;
    let valid = [
        format!("GET /account {kind} de;q=0.5, en"),
        format!("POST /account {kind} token={of_account}&do=add&address=z%40example.com"),
        format!("POST /account {kind} token={of_account}&do=primary&id={id}"),
        format!("POST /account {kind} token={of_account}&do=confirm&id={id}&code=123456"),
        format!("GET /account/link?tenant=default&lang=en&token={link} {kind} "),
        format!("POST /account/link {kind} tenant=default&lang=en&token={link}"),
        format!("GET /account/undo?tenant=default&lang=en&token={undo} {kind} "),
        format!("POST /account/undo {kind} tenant=default&lang=en&token={undo}"),
        format!("GET /sign-in {kind} "),
        format!("POST /sign-in {kind} do=start&address=ada%40example.com"),
        format!("GET /who {kind} 192.0.2.1, [2001:db8::1]:443, 10.0.0.1"),
    ];
    // The framework says by itself that there is no such page, or none that is asked in this way.
    let is_none = |status: StatusCode| [404, 405].contains(&status.as_u16());
    holds(&runtime, &router, &valid, |status, _, body| is_none(status) || !body.is_empty());
}
