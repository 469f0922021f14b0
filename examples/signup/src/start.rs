//! Settings from the environment, the start, and the stop.
#![expect(clippy::print_stdout, reason = "without a mail server the terminal is where codes go")]

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
use identity::delivery::Router as Messages;
use identity::directory::{ListOrder, ListQuery};
use identity::system::{Entropy as _, OsEntropy, SystemClock};
use identity::{Accepted, Address, Code, CodeKeys, FromEnv as _, Notice, Notifier, NotifyError};
use identity_axum::account_page;
use identity_smtp::{SmtpNotifier, SmtpServer};
use identity_texts::{Brand, Links, Texts};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration as Days;
use tower_sessions::{Expiry, MemoryStore, SessionManagerLayer};
use tracing_subscriber::EnvFilter;

use crate::pages::{Pages, same_origin};
use crate::rows::Rows;
use crate::sign_in::Me;
use crate::{App, admin, sign_in};

/// The longest body of a form, in bytes.
const BODY: usize = 16_384;
/// The time that requests under way have after the service was told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// The time that the database has to show that it answers.
const READY: Duration = Duration::from_secs(1);

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    start_logging();
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let listener = TcpListener::bind(setting("LISTEN", "127.0.0.1:8080")).await?;
    let address = listener.local_addr()?;
    let url = setting("PUBLIC_URL", &format!("http://{address}"));
    let brand = setting("BRAND", "Signup");

    let rows = Rows::open(&setting("DATABASE_URL", "sqlite:signup.db")).await;
    let rows = rows.map_err(|error| format!("DATABASE_URL: {error}"))?;
    let (keys, texts) = (keys()?, texts(&brand, &url)?);
    let identity = rows.identity(messages(&brand, &texts)?, keys.clone());
    let app = App { identity: identity.clone(), rows, pages: Pages::new(&brand)?, staff: staff()?.into() };

    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(url.starts_with("https:"))
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Days::days(14)));
    let router = Router::new()
        .merge(sign_in::routes())
        .nest("/account", account_page::<Me, App>(identity.clone(), texts, keys))
        .nest("/admin", admin::routes())
        .layer(sessions)
        .layer(from_fn(same_origin))
        .layer(DefaultBodyLimit::max(BODY))
        .route("/readyz", get(ready))
        .route("/metrics", get(async move || metrics.render()))
        .with_state(app);

    tracing::info!(%address, "listening");
    println!("Open {url}");
    let (stop, stopping) = watch::channel(false);
    let delivery = tokio::spawn({
        let until = until(stopping.clone());
        async move { identity.deliver_until(until).await }
    });
    let serve = axum::serve(listener, router).with_graceful_shutdown(until(stopping.clone()));
    let cut = async {
        until(stopping).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping: no new connections, requests under way finish");
        let _ = stop.send(true);
    });
    tokio::select! {
        served = serve => served?,
        () = cut => tracing::warn!("some requests took longer than {} s and were cut off", GRACE.as_secs()),
    }
    // The messages in hand are finished, and the others go back to the outbox.
    delivery.await?;
    Ok(())
}

fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match env::var("LOG").as_deref() {
        Ok("json") => lines.json().flatten_event(true).init(),
        _ => lines.with_ansi(false).init(),
    }
}

/// The key that codes are made from. Without one a fresh key is made, and codes that were sent are void after a restart.
fn keys() -> Result<CodeKeys, Box<dyn Error>> {
    if env::var_os("IDENTITY_KEY").is_some() {
        return Ok(CodeKeys::from_env("IDENTITY_KEY")?);
    }
    tracing::warn!("IDENTITY_KEY is not set: a key is made that lasts until this process ends");
    let seed = OsEntropy.seed()?;
    let bytes = [*seed.nonce(0).as_bytes(), *seed.nonce(1).as_bytes()];
    let hex: String = bytes.as_flattened().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(CodeKeys::parse(&hex)?)
}

/// The addresses of staff.
fn staff() -> Result<Vec<Address>, Box<dyn Error>> {
    let setting = setting("STAFF", "");
    let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let parse = |entry: &str| Address::parse(entry, None).map_err(|error| format!("STAFF: {entry:?}: {error}").into());
    entries.map(parse).collect()
}

/// The texts of messages and of the account page.
fn texts(brand: &str, url: &str) -> Result<Texts, Box<dyn Error>> {
    let links = Links::new(&format!("{url}/account/link"))?;
    Ok(Texts::builder(Brand::new(brand, links), SystemClock).build()?)
}

/// Mail goes through the server of the settings; what nobody sends is printed.
fn messages(brand: &str, texts: &Texts) -> Result<Messages, Box<dyn Error>> {
    let mut messages = Messages::builder().provider("terminal", Terminal).phones(["terminal"]);
    messages = match env::var("SMTP_URL") {
        Err(_) => messages.emails(["terminal"]),
        Ok(smtp) => {
            let sender = setting("MAIL_FROM", "no-reply@example.com");
            let smtp = SmtpNotifier::new(SmtpServer::from_url(&smtp)?, brand, &sender, texts.clone())?;
            messages.provider("smtp", smtp).emails(["smtp"])
        }
    };
    Ok(messages.build()?)
}

/// Prints what a provider would have sent.
struct Terminal;

#[identity::async_trait]
impl Notifier for Terminal {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let message = &notice.message;
        match notice.code.as_ref().map(Code::reveal) {
            Some(code) => println!("To {}: your code is {code}", message.to),
            None => println!("To {}: {:?}", message.to, message.content),
        }
        Ok(Accepted::default())
    }
}

/// Whether the database answers within a second.
async fn ready(State(app): State<App>) -> StatusCode {
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 1, prefix: None };
    match tokio::time::timeout(READY, app.identity.admin("readyz").list(&query)).await {
        Ok(Ok(_)) => StatusCode::OK,
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn until(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// SIGTERM or Ctrl-C.
async fn stop_signal() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
