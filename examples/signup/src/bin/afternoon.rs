//! Sign-up and sign-in by code, an account page, and rows of its own, on SQLite or PostgreSQL.

use std::env;
use std::error::Error;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::middleware::from_fn_with_state;
use axum::response::Html;
use axum::routing::{get, post};
use identity::delivery::Terminal;
use identity::history::Change;
use identity::store::Commit;
use identity::system::SystemClock;
use identity::{CodeKeys, FromEnv as _, Identity};
use identity_axum::{
    CurrentUser, Problem, account_page, begin_session, end_session, for_browsers, ready, serve, sign_in_page,
};
use identity_sql::{SqlStore, Statement};
use identity_texts::{Brand, Texts};
use minijinja::{Environment, context};
use tokio::net::TcpListener;
use tower_sessions::{MemoryStore, SessionManagerLayer};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS members (user_id TEXT PRIMARY KEY, plan TEXT NOT NULL)";
const HOME: &str = r#"<!doctype html><html lang="en"><title>Afternoon</title><h1>Hello, {{ address }}</h1>
<p>Your plan is {{ plan }}. <a href="/account">Your addresses</a></p>
<form method="post" action="/sign-out"><button>Sign out</button></form>"#;

#[derive(Clone)]
struct App {
    identity: Identity,
    store: SqlStore,
}

/// For [`CurrentUser`], which reads who is signed in.
impl FromRef<App> for Identity {
    fn from_ref(app: &App) -> Self {
        app.identity.clone()
    }
}

/// A member comes and goes with its user, in one transaction.
fn members(commit: &Commit) -> Vec<Statement> {
    let rows = commit.events.iter().filter_map(|recorded| match recorded.event.change {
        Change::Created { .. } => Some("INSERT INTO members (user_id, plan) VALUES ($1, 'free')"),
        Change::Erased => Some("DELETE FROM members WHERE user_id = $1"),
        _ => None,
    });
    rows.map(|sql| Statement::new(sql).bind(commit.key.user.as_str())).collect()
}

async fn home(State(app): State<App>, CurrentUser { user, .. }: CurrentUser) -> Result<Html<String>, Problem> {
    let plan = Statement::new("SELECT plan FROM members WHERE user_id = $1").bind(user.id().as_str());
    let rows = app.store.query(plan).await?;
    let plan = rows.first().and_then(|row| row.first()?.as_text());
    let address = user.primary_email().or(user.primary_phone()).map(|entry| entry.address.as_str());
    let page = Environment::new().render_named_str("home.html", HOME, context! { plan, address });
    page.map(Html).map_err(Problem::internal)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let listener = TcpListener::bind(env::var("LISTEN").as_deref().unwrap_or("127.0.0.1:8080")).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let store = SqlStore::open(env::var("DATABASE_URL").as_deref().unwrap_or("sqlite:afternoon.db")).await?;
    store.batch(TABLE).await?;
    let keys = CodeKeys::from_env_or_temporary("IDENTITY_KEY")?;
    let identity = store.with_rows(&store.identity(Terminal, keys.clone()), members);
    let texts = Texts::builder(Brand::at("Afternoon", &url)?, SystemClock).build()?;
    let router = Router::new()
        .route("/", get(home))
        .route("/sign-out", post(end_session))
        .nest("/sign-in", sign_in_page(identity.clone(), texts.clone(), begin_session))
        .nest("/account", account_page::<CurrentUser, App>(identity.clone(), texts.clone(), keys))
        .layer(SessionManagerLayer::new(MemoryStore::default()).with_secure(url.starts_with("https:")))
        .layer(from_fn_with_state(texts, for_browsers))
        .route("/readyz", ready(identity.clone()))
        .with_state(App { identity: identity.clone(), store });
    serve(listener, router, identity).await?;
    Ok(())
}
