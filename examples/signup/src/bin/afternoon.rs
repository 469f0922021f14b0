//! Sign-up and sign-in by code, an account page, and rows of its own, on SQLite or PostgreSQL.

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use identity::delivery::Terminal;
use identity::history::Change;
use identity::store::Commit;
use identity::system::SystemClock;
use identity::{CodeKeys, FromEnv as _, HolderError, Identity, User, UserId};
use identity_axum::{Entered, Problem, account_page, for_browsers, ready, serve, sign_in_page};
use identity_sql::{SqlStore, Statement};
use identity_texts::{Brand, Links, Texts};
use minijinja::{Environment, context};
use tokio::net::TcpListener;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS members (user_id TEXT PRIMARY KEY, plan TEXT NOT NULL)";
const HOME: &str = r#"<!doctype html><html lang="en"><title>Afternoon</title><h1>Hello, {{ address }}</h1>
<p>Your plan is {{ plan }}. <a href="/account">Your addresses</a></p>
<form method="post" action="/sign-out"><button>Sign out</button></form>"#;

#[derive(Clone)]
struct App {
    identity: Identity,
    store: SqlStore,
}

/// Whoever is signed in: a user who is there and not disabled. Everybody else is sent to the page that signs in.
struct Me(Arc<User>);

impl FromRequestParts<App> for Me {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(|error| error.into_response())?;
        let user = session.get::<UserId>("user").await.map_err(|error| Problem::internal(error).into_response())?;
        let Some(user) = user else { return Err(Redirect::to("/sign-in").into_response()) };
        match app.identity.account(&user).get().await {
            Ok(user) if !user.is_disabled() => Ok(Self(user)),
            Ok(_) | Err(HolderError::Refused(_)) => Err(Redirect::to("/sign-in").into_response()),
            Err(error) => Err(Problem::from(error).into_response()),
        }
    }
}

impl From<Me> for UserId {
    fn from(Me(user): Me) -> Self {
        user.id().clone()
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

/// Begins the session of whoever has just signed in, under an id that nobody knew before.
async fn begin(entered: Entered, session: Session) -> Result<Redirect, Problem> {
    session.clear().await;
    session.cycle_id().await.map_err(Problem::internal)?;
    session.insert("user", entered.user).await.map_err(Problem::internal)?;
    Ok(Redirect::to("/"))
}

async fn home(State(app): State<App>, Me(me): Me) -> Result<Html<String>, Problem> {
    let plan = Statement::new("SELECT plan FROM members WHERE user_id = $1").bind(me.id().as_str());
    let rows = app.store.query(plan).await?;
    let plan = rows.first().and_then(|row| row.first()?.as_text());
    let address = me.primary_email().or(me.primary_phone()).map(|entry| entry.address.as_str());
    let page = Environment::new().render_named_str("home.html", HOME, context! { plan, address });
    page.map(Html).map_err(Problem::internal)
}

async fn leave(session: Session) -> Result<Redirect, Problem> {
    session.flush().await.map_err(Problem::internal)?;
    Ok(Redirect::to("/sign-in"))
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
    let texts = Texts::builder(Brand::new("Afternoon", Links::new(&format!("{url}/account/link"))?), SystemClock);
    let texts = texts.build()?;
    let router = Router::new()
        .route("/", get(home))
        .route("/sign-out", post(leave))
        .nest("/sign-in", sign_in_page(identity.clone(), texts.clone(), begin))
        .nest("/account", account_page::<Me, App>(identity.clone(), texts.clone(), keys))
        .layer(SessionManagerLayer::new(MemoryStore::default()).with_secure(url.starts_with("https:")))
        .layer(from_fn_with_state(texts, for_browsers))
        .route("/readyz", ready(identity.clone()))
        .with_state(App { identity: identity.clone(), store });
    serve(listener, router, identity).await?;
    Ok(())
}
