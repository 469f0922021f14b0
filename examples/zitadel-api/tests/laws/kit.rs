//! The whole host without a socket, on an SQLite file, with a clock that a test moves and a mailbox that it reads.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use clap::Parser as _;
use http_body_util::BodyExt as _;
use identity::testing::{CountedEntropy, HandClock, Mailbox};
use identity::{Code, CodeKeys, Identity, TenantId, Timestamp};
use identity_sqlite::SqliteStore;
use prost::Message;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use zitadel_api::service::Users;
use zitadel_api::wire::{ErrorDetail, SERVICE, rpc};
use zitadel_api::{AccessTokens, App, LinkOrigin, Settings, router};

pub(crate) const ROOT: &str = "root-token";
pub(crate) const ADAS: &str = "ada-token";
pub(crate) const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
pub(crate) const PHONE: &str = "+441514960453";
pub(crate) const OTHER: &str = "+441514960454";
pub(crate) const EMAIL: &str = "ada@example.com";

pub(crate) struct Host {
    pub(crate) router: Router,
    pub(crate) identity: Identity,
    pub(crate) clock: HandClock,
    mail: Mailbox,
    pub(crate) folder: Arc<TempDir>,
}

impl Host {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these options of the command line.
    pub(crate) async fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = ["zitadel-api"].iter().chain(options);
        let settings = Settings::try_parse_from(settings).unwrap();
        let policy = settings.policy().unwrap();
        // 2024-11-22T16:27:04.996Z, as on the page.
        let clock = HandClock::at(Timestamp::from_micros(1_732_292_824_996_000));
        let (mail, keys) = (Mailbox::default(), CodeKeys::parse(KEY).unwrap());
        let store = SqliteStore::open(folder.path().join("identity.db")).await.unwrap();
        let identity = Identity::new(store, mail.clone(), keys.clone())
            .with_policy(policy)
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default())
            .for_tenant(TenantId::parse("69629023906488334").unwrap());
        let router = serving(&identity, &clock, settings.link_origins).await;
        Self { router, identity, clock, mail, folder: Arc::new(folder) }
    }

    /// The same users, served once more.
    pub(crate) fn another_process(&self) -> impl Future<Output = Self> + use<> {
        let (identity, clock) = (self.identity.clone(), self.clock.clone());
        let (mail, folder) = (self.mail.clone(), Arc::clone(&self.folder));
        async move { Self { router: serving(&identity, &clock, Vec::new()).await, identity, clock, mail, folder } }
    }

    /// With a user `ada` who has a verified e-mail address and no phone number.
    pub(crate) async fn with_ada() -> Self {
        let host = Self::new().await;
        host.add("ada", EMAIL).await;
        host
    }

    pub(crate) async fn add(&self, id: &str, email: &str) {
        let body = json!({
            "userId": id,
            "username": id,
            "profile": {"givenName": "Ada", "familyName": "Lovelace"},
            "email": {"email": email, "isVerified": true},
        });
        self.post("/v2/users/human", body).await.of(200);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, trailers, body: collected.to_bytes() }
    }

    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A REST call with a token.
    pub(crate) async fn rest(&self, token: &str, method: &str, path: &str, body: impl Into<Option<Value>>) -> Answer {
        let bearer = format!("Bearer {token}");
        let body = body.into().map(|body| body.to_string()).unwrap_or_default();
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.raw(method, path, &headers, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.rest(ROOT, "POST", path, body).await
    }

    /// A call under the service's own path, with the operators' token.
    pub(crate) async fn rpc(&self, method: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {ROOT}");
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type), ("te", "trailers")];
        self.raw("POST", &format!("/{SERVICE}/{method}"), &headers, body).await
    }

    /// The user `ada`, as REST shows her.
    pub(crate) async fn ada(&self) -> Value {
        self.rest(ROOT, "GET", "/v2/users/ada", None).await.of(200)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
    }

    /// Everything that a call could have changed.
    pub(crate) async fn state(&self) -> Value {
        let page = identity::directory::ListQuery {
            order: identity::directory::ListOrder::Created,
            after: None,
            limit: 1_000,
            prefix: None,
        };
        let users = self.identity.admin("test").list(&page).await.unwrap().users;
        let users: Vec<_> = users.iter().map(|stored| json!([stored.user.id().as_str(), stored.version.0])).collect();
        self.identity.deliver_due().await.unwrap();
        json!({"users": users, "messages": self.mail.notices().len()})
    }

    /// What was sent so far, as address, code and link.
    pub(crate) async fn sent(&self) -> Vec<(String, Option<String>, Option<String>)> {
        self.identity.deliver_due().await.unwrap();
        let seen = self.mail.notices().into_iter().map(|notice| {
            let code = notice.code.as_ref().map(|code| Code::reveal(code).to_owned());
            (notice.message.to.as_str().to_owned(), code, zitadel_api::mail::link(&notice))
        });
        seen.collect()
    }

    /// The last code that was sent to an address.
    pub(crate) async fn code(&self, to: &str) -> String {
        let sent = self.sent().await;
        let mut codes = sent.into_iter().rev().filter(|(address, ..)| address == to).filter_map(|(_, code, _)| code);
        codes.next().expect("a code was sent to this address")
    }
}

async fn serving(identity: &Identity, clock: &HandClock, origins: Vec<LinkOrigin>) -> Router {
    let tokens = format!("{ROOT}:admin:root,{ADAS}:user:ada,bob-token:user:bob");
    let tokens = AccessTokens::parse(&tokens).unwrap();
    let users = Users::new(identity.clone(), CodeKeys::parse(KEY).unwrap(), Arc::new(clock.clone()));
    let users = users.with_link_origins(origins);
    router(App { users, tokens }).await.unwrap()
}

/// A code that is not this one.
pub(crate) fn not(code: &str) -> String {
    let first = if code.starts_with('1') { '2' } else { '1' };
    format!("{first}{}", &code[1..])
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: no JSON: {text}", self.status))
    }

    /// The JSON of an answer of this status.
    pub(crate) fn of(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }

    /// The id of a REST failure of this status, which stands in its text and in its details.
    pub(crate) fn refused(&self, status: u16) -> String {
        let error = self.of(status);
        let detail = &error["details"][0];
        assert_eq!(detail["@type"], "type.googleapis.com/zitadel.v1.ErrorDetail", "{error}");
        let id = detail["id"].as_str().unwrap();
        let text = format!("{} ({id})", detail["message"].as_str().unwrap());
        assert_eq!(error["message"], text.as_str());
        id.to_owned()
    }

    /// Status and text of gRPC, from wherever a dialect has them.
    pub(crate) fn grpc_status(&self) -> (i32, String) {
        let all = self.grpc_trailers();
        let text = |name: &str| all.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        assert_eq!(self.status, 200);
        (text("grpc-status").parse().unwrap(), percent_decoded(&text("grpc-message")))
    }

    /// The `google.rpc.Status` of a gRPC failure.
    pub(crate) fn grpc_details(&self) -> rpc::Status {
        let all = self.grpc_trailers();
        let text = all.get("grpc-status-details-bin").expect("details").to_str().unwrap();
        rpc::Status::decode(STANDARD_NO_PAD.decode(text.trim_end_matches('=')).unwrap().as_slice()).unwrap()
    }

    fn grpc_trailers(&self) -> HeaderMap {
        if let Some((_, lines)) = self.frames().into_iter().find(|(flag, _)| *flag == 0x80) {
            let lines = String::from_utf8(lines).unwrap();
            let pairs = lines.split_terminator("\r\n").map(|line| line.split_once(": ").unwrap());
            return pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        }
        if self.trailers.contains_key("grpc-status") { self.trailers.clone() } else { self.headers.clone() }
    }

    fn frames(&self) -> Vec<(u8, Vec<u8>)> {
        let text = self.header("content-type").starts_with("application/grpc-web-text");
        let bytes = if text { STANDARD.decode(&self.body).unwrap() } else { self.body.to_vec() };
        let mut rest = bytes.as_slice();
        let mut frames = Vec::new();
        while let Some((header, after)) = rest.split_first_chunk::<5>() {
            let length = u32::from_be_bytes(header[1..].try_into().unwrap()) as usize;
            frames.push((header[0], after[..length].to_vec()));
            rest = &after[length..];
        }
        assert!(rest.is_empty());
        frames
    }

    /// The message of an answer of gRPC or gRPC-web.
    pub(crate) fn message<M: Message + Default>(&self) -> M {
        assert_eq!(self.grpc_status(), (0, String::new()));
        let (_, message) = self.frames().into_iter().find(|(flag, _)| *flag == 0).expect("a message");
        M::decode(message.as_slice()).unwrap()
    }
}

pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A message in a frame of gRPC.
pub(crate) fn framed(message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    frame
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The id and text of the first detail of a failure.
pub(crate) fn error_detail(status: &rpc::Status) -> (String, String) {
    let first = &status.details[0];
    assert_eq!(first.type_url, "type.googleapis.com/zitadel.v1.ErrorDetail");
    let detail = ErrorDetail::decode(first.value.as_slice()).unwrap();
    (detail.id, detail.message)
}
