//! The pages of staff: users, one user with its history, block and erase.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use identity::directory::{DirectoryQuery, Search};
use identity::{Error, Refusal, User, UserId};
use identity_axum::{CurrentUser, Problem};
use minijinja::context;
use serde::Deserialize;

use crate::{App, rows};

/// The number of users on a page.
const PAGE: u64 = 20;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(users))
        .route("/{user}", get(user))
        .route("/{user}/block", post(block))
        .route("/{user}/unblock", post(unblock))
        .route("/{user}/erase", post(erase))
}

/// Whoever is signed in and has a verified address of staff. For everybody else these pages do not exist.
pub(crate) struct Staff(Arc<User>);

impl Staff {
    /// The name that the history keeps of who did it.
    fn actor(&self) -> String {
        format!("staff {}", self.0.id())
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let current = CurrentUser::from_request_parts(parts, app).await.map_err(Problem::into_response)?;
        if app.is_staff(&current.user) { Ok(Self(current.user)) } else { Err(StatusCode::NOT_FOUND.into_response()) }
    }
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    search: String,
    #[serde(default)]
    page: u64,
}

async fn users(State(app): State<App>, staff: Staff, Query(which): Query<Which>) -> Result<Response, Problem> {
    let Which { search, page } = which;
    let query = DirectoryQuery {
        descending: true,
        skip: page.saturating_mul(PAGE),
        limit: PAGE as usize,
        search: Some(search.trim()).filter(|typed| !typed.is_empty()).map(Search::new),
        ..DirectoryQuery::default()
    };
    let found = app.identity.admin(staff.actor()).browse(&query).await?;
    let users: Vec<_> = found.users.iter().map(|stored| summary(&stored.user)).collect();
    let is_last = page.saturating_add(1).saturating_mul(PAGE) >= found.total;
    app.pages.show("users.html", context! { users, search, page, is_last, total => found.total })
}

fn summary(user: &User) -> minijinja::Value {
    let addresses = user.identifiers().map(|entry| {
        let is_primary = user.book(entry.address.channel()).is_primary(entry.id);
        context! { text => entry.address.to_string(), is_verified => entry.is_verified(), is_primary }
    });
    let addresses: Vec<_> = addresses.collect();
    let created = user.created_at().to_string();
    context! { id => user.id().as_str(), is_blocked => user.is_disabled(), created, addresses }
}

async fn user(State(app): State<App>, staff: Staff, Path(id): Path<UserId>) -> Result<Response, Problem> {
    let admin = app.identity.admin(staff.actor());
    let user = match admin.get(&id).await {
        Ok(user) => Some(summary(&user)),
        // Nothing but the history is left of an erased user.
        Err(Error::Refused(Refusal::UserNotFound)) => None,
        Err(error) => return Err(error.into()),
    };
    let history = admin.history(&id, 0, 1_000).await?;
    let history: Vec<_> = history
        .iter()
        .map(|recorded| {
            let event = &recorded.event;
            let change = serde_json::to_string(&event.change).unwrap_or_default();
            let actor = format!("{:?}", event.actor);
            context! { number => recorded.number, at => event.at.to_string(), actor, change }
        })
        .collect();
    let name = rows::name(&app.store, &id).await?;
    app.pages.show("user.html", context! { id => id.as_str(), name, user, history })
}

async fn block(State(app): State<App>, staff: Staff, Path(id): Path<UserId>) -> Result<Redirect, Problem> {
    app.identity.admin(staff.actor()).disable(&id).await?;
    Ok(back(&id))
}

async fn unblock(State(app): State<App>, staff: Staff, Path(id): Path<UserId>) -> Result<Redirect, Problem> {
    app.identity.admin(staff.actor()).enable(&id).await?;
    Ok(back(&id))
}

/// Erases the user, and with it the member.
async fn erase(State(app): State<App>, staff: Staff, Path(id): Path<UserId>) -> Result<Redirect, Problem> {
    app.identity.admin(staff.actor()).erase(&id).await?;
    Ok(back(&id))
}

fn back(id: &UserId) -> Redirect {
    Redirect::to(&format!("/admin/{id}"))
}
