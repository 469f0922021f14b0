//! Who is signed in: the session.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use identity::{HolderError, User, UserId};
use identity_axum::{Entered, Problem};
use minijinja::context;
use serde::Deserialize;
use tower_sessions::Session;

use crate::{App, rows};

/// What the session says about who is signed in.
const USER: &str = "user";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/", get(home)).route("/name", post(rename)).route("/sign-out", post(leave))
}

/// Whoever is signed in: a user who is there and not blocked. Everybody else is sent to the page that signs in.
pub(crate) struct Me(pub(crate) Arc<User>);

impl FromRequestParts<App> for Me {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(|error| error.into_response())?;
        let user = session.get::<UserId>(USER).await.map_err(|error| Problem::internal(error).into_response())?;
        let Some(user) = user else { return Err(Redirect::to("/sign-in").into_response()) };
        match app.identity.account(&user).get().await {
            Ok(user) if !user.is_disabled() => Ok(Self(user)),
            Ok(_) | Err(HolderError::Refused(_)) => Err(Redirect::to("/sign-in").into_response()),
            Err(error) => Err(Problem::from(error).into_response()),
        }
    }
}

/// For the account page.
impl From<Me> for UserId {
    fn from(Me(user): Me) -> Self {
        user.id().clone()
    }
}

/// Begins the session of whoever has just signed in.
pub(crate) async fn begin(entered: Entered, session: Session) -> Result<Redirect, Problem> {
    // A new id: whoever knew the one before the sign-in does not know this one.
    session.clear().await;
    session.cycle_id().await.map_err(Problem::internal)?;
    session.insert(USER, entered.user).await.map_err(Problem::internal)?;
    Ok(Redirect::to("/"))
}

async fn home(State(app): State<App>, Me(me): Me) -> Result<Response, Problem> {
    let name = rows::name(&app.store, me.id()).await?;
    let primary = me.primary_email().or(me.primary_phone()).map(|entry| entry.address.to_string());
    app.pages.show("home.html", context! { name, is_staff => app.is_staff(&me), primary })
}

#[derive(Deserialize)]
struct Typed {
    name: String,
}

async fn rename(State(app): State<App>, Me(me): Me, Form(Typed { name }): Form<Typed>) -> Result<Redirect, Problem> {
    let name: String = name.trim().chars().take(100).collect();
    rows::rename(&app.store, me.id(), &name).await?;
    Ok(Redirect::to("/"))
}

async fn leave(session: Session) -> Result<Redirect, Problem> {
    session.flush().await.map_err(Problem::internal)?;
    Ok(Redirect::to("/sign-in"))
}
