//! Settings from the environment, the start.
#![expect(clippy::print_stdout, reason = "it says where it can be reached")]

use std::env;
use std::error::Error;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use identity::delivery::{Router as Messages, Terminal};
use identity::system::SystemClock;
use identity::{Address, CodeKeys, FromEnv as _};
use identity_axum::{CurrentUser, account_page, begin_session, for_browsers, ready, serve, sign_in_page};
use identity_smtp::{SmtpNotifier, SmtpServer};
use identity_sql::SqlStore;
use identity_texts::{Brand, Texts};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration as Days;
use tower_sessions::{Expiry, MemoryStore, SessionManagerLayer};
use tracing_subscriber::EnvFilter;

use crate::pages::Pages;
use crate::{App, admin, home, rows};

/// The longest body of a form, in bytes.
const BODY: usize = 16_384;

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    start_logging();
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let listener = TcpListener::bind(setting("LISTEN", "127.0.0.1:8080")).await?;
    let url = setting("PUBLIC_URL", &format!("http://{}", listener.local_addr()?));
    let brand = setting("BRAND", "Signup");

    let store = SqlStore::open(&setting("DATABASE_URL", "sqlite:signup.db")).await;
    let store = store.map_err(|error| format!("DATABASE_URL: {error}"))?;
    store.batch(rows::TABLE).await?;
    let keys = CodeKeys::from_env_or_temporary("IDENTITY_KEY")?;
    let texts = Texts::builder(Brand::at(&brand, &url)?, SystemClock).build()?;
    let identity = store.identity(messages(&brand, &texts)?, keys.clone());
    let identity = store.with_rows(&identity, rows::members);
    let app = App { identity: identity.clone(), store, pages: Pages::new(&brand)?, staff: staff()?.into() };

    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(url.starts_with("https:"))
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Days::days(14)));
    let router = Router::new()
        .merge(home::routes())
        .nest("/sign-in", sign_in_page(identity.clone(), texts.clone(), begin_session))
        .nest("/account", account_page::<CurrentUser, App>(identity.clone(), texts.clone(), keys))
        .nest("/admin", admin::routes())
        .layer(sessions)
        .layer(from_fn_with_state(texts, for_browsers))
        .layer(DefaultBodyLimit::max(BODY))
        .route("/readyz", ready(identity.clone()))
        .route("/metrics", get(async move || metrics.render()))
        .with_state(app);

    println!("Open {url}");
    serve(listener, router, identity).await?;
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

/// The addresses of staff.
fn staff() -> Result<Vec<Address>, Box<dyn Error>> {
    let setting = setting("STAFF", "");
    let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let parse = |entry: &str| Address::parse(entry, None).map_err(|error| format!("STAFF: {entry:?}: {error}").into());
    entries.map(parse).collect()
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
