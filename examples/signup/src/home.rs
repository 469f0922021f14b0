//! The page of whoever is signed in.

use axum::Router;
use axum::extract::{Form, State};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use identity_axum::{CurrentUser, Problem, end_session};
use minijinja::context;
use serde::Deserialize;

use crate::{App, rows};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/", get(home)).route("/name", post(rename)).route("/sign-out", post(end_session))
}

async fn home(State(app): State<App>, CurrentUser { user, .. }: CurrentUser) -> Result<Response, Problem> {
    let name = rows::name(&app.store, user.id()).await?;
    let primary = user.primary_email().or(user.primary_phone()).map(|entry| entry.address.to_string());
    app.pages.show("home.html", context! { name, is_staff => app.is_staff(&user), primary })
}

#[derive(Deserialize)]
struct Typed {
    name: String,
}

async fn rename(
    State(app): State<App>,
    CurrentUser { user, .. }: CurrentUser,
    Form(Typed { name }): Form<Typed>,
) -> Result<Redirect, Problem> {
    let name: String = name.trim().chars().take(100).collect();
    rows::rename(&app.store, user.id(), &name).await?;
    Ok(Redirect::to("/"))
}
