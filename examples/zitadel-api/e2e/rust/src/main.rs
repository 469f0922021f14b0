//! Reads one call a line, makes it with ZITADEL's own client, and prints what the client gave, one line each.
//! Argument: the address of the host.

mod answers;
mod requests;

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead as _, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::Message as _;
use serde_json::{Value, json};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{IntoRequest as _, Request, Status};
use zitadel::api::clients::ClientBuilder;
use zitadel::api::zitadel::user::v2::user_service_client::UserServiceClient;
use zitadel::api::zitadel::v1::ErrorDetail;

/// Adds an access token to each call. The crate's own type for it comes with OpenID Connect and 135 packages more.
struct AccessToken(MetadataValue<Ascii>);

impl Interceptor for AccessToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// The client has one type with a token, and another without.
enum Client {
    With(UserServiceClient<InterceptedService<Channel, AccessToken>>),
    Without(UserServiceClient<Channel>),
}

impl Client {
    async fn new(host: &str, token: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let builder = ClientBuilder::new(host);
        Ok(match token {
            Some(token) => {
                let token = AccessToken(format!("Bearer {token}").parse()?);
                Self::With(builder.with_interceptor(token).build_user_client().await?)
            }
            None => Self::Without(builder.build_user_client().await?),
        })
    }
}

macro_rules! send {
    ($client:expr, $method:ident, $step:expr, $request:expr) => {{
        let request = in_language($step, $request.into_request())?;
        let answer = match $client {
            Client::With(client) => client.$method(request).await,
            Client::Without(client) => client.$method(request).await,
        };
        Ok(answer.map(|answer| answers::$method(answer.into_inner())))
    }};
}

fn in_language<T>(step: &Value, mut request: Request<T>) -> Result<Request<T>, Box<dyn Error>> {
    if let Some(language) = step["language"].as_str() {
        request.metadata_mut().insert("accept-language", language.parse()?);
    }
    Ok(request)
}

async fn call(client: &mut Client, step: &Value) -> Result<Result<Value, Status>, Box<dyn Error>> {
    let request = &step["request"];
    match step["method"].as_str().unwrap_or_default() {
        "AddHumanUser" => send!(client, add_human_user, step, requests::add_human_user(request)),
        "GetUserByID" => send!(client, get_user_by_id, step, requests::get_user_by_id(request)),
        "SetEmail" => send!(client, set_email, step, requests::set_email(request)),
        "ResendEmailCode" => send!(client, resend_email_code, step, requests::resend_email_code(request)),
        "SendEmailCode" => send!(client, send_email_code, step, requests::send_email_code(request)),
        "VerifyEmail" => send!(client, verify_email, step, requests::verify_email(request)),
        "SetPhone" => send!(client, set_phone, step, requests::set_phone(request)),
        "RemovePhone" => send!(client, remove_phone, step, requests::remove_phone(request)),
        "ResendPhoneCode" => send!(client, resend_phone_code, step, requests::resend_phone_code(request)),
        "VerifyPhone" => send!(client, verify_phone, step, requests::verify_phone(request)),
        "DeleteUser" => send!(client, delete_user, step, requests::delete_user(request)),
        other => Err(format!("no such method: {other}").into()),
    }
}

/// What the client's error says, its details decoded by the client's own type too.
fn error(status: &Status) -> Result<Value, Box<dyn Error>> {
    let details = tonic_types::pb::Status::decode(status.details())?;
    if !status.details().is_empty() {
        assert_eq!((details.code, details.message.as_str()), (status.code().into(), status.message()));
    }
    let mut typed = Vec::new();
    for detail in &details.details {
        if detail.type_url.ends_with("/zitadel.v1.ErrorDetail") {
            let ErrorDetail { id, message } = ErrorDetail::decode(&*detail.value)?;
            typed.push(json!({ "id": id, "message": message }));
        }
    }
    let details = details.details.iter().map(|detail| {
        let name = detail.type_url.rsplit('/').next();
        json!({ "type": name, "value": BASE64_STANDARD.encode(&detail.value) })
    });
    let details: Vec<Value> = details.collect();
    Ok(json!({ "code": i32::from(status.code()), "message": status.message(), "typed": typed, "details": details }))
}

async fn run(host: &str) -> Result<(), Box<dyn Error>> {
    let mut clients: HashMap<Option<String>, Client> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let step: Value = serde_json::from_str(&line?)?;
        let token = step["token"].as_str().map(str::to_owned);
        if !clients.contains_key(&token) {
            clients.insert(token.clone(), Client::new(host, token.as_deref()).await?);
        }
        let client = clients.get_mut(&token).ok_or("made above")?;
        let result = match call(client, &step).await? {
            Ok(answer) => json!({ "answer": answer }),
            Err(status) => json!({ "error": error(&status)? }),
        };
        let mut out = std::io::stdout();
        writeln!(out, "{result}")?;
        out.flush()?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let host = std::env::args().nth(1).ok_or("give the address of the host")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&host))
}
