//! Signing up and in: an address, a code, a session.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use identity::sign_in::{Login, SignInRequest, SignInTicket};
use identity::user::JsonObject;
use identity::{Code, HolderError, NewUser, Profile, User, UserId};
use identity_axum::ClientLanguage;
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::Map;
use tower_sessions::Session;

use crate::App;
use crate::pages::{Failed, refused};

/// What the session says about who is signed in.
const USER: &str = "user";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(ask).post(send))
        .route("/sign-in/code", post(check))
        .route("/sign-out", post(leave))
}

/// Whoever is signed in: a user who is there and not blocked.
pub(crate) struct Me(pub(crate) Arc<User>);

impl FromRequestParts<App> for Me {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let me = signed_in(&session, app).await.map_err(IntoResponse::into_response)?;
        me.map(Self).ok_or_else(|| Redirect::to("/sign-in").into_response())
    }
}

/// For the account page.
impl From<Me> for UserId {
    fn from(Me(user): Me) -> Self {
        user.id().clone()
    }
}

async fn signed_in(session: &Session, app: &App) -> Result<Option<Arc<User>>, Failed> {
    let Some(user) = session.get::<String>(USER).await? else { return Ok(None) };
    match app.identity.account(&UserId::parse(&user)?).get().await {
        Ok(user) if !user.is_disabled() => return Ok(Some(user)),
        Ok(_) | Err(HolderError::Refused(_)) => session.flush().await?,
        Err(error) => return Err(error.into()),
    }
    Ok(None)
}

async fn home(State(app): State<App>, Me(me): Me) -> Result<Response, Failed> {
    let name = app.rows.name(me.id()).await?;
    let values = context! { name, is_staff => app.is_staff(&me), primary => me.primary_email().or(me.primary_phone()).map(|entry| entry.address.to_string()) };
    app.pages.show(StatusCode::OK, "home.html", values)
}

/// What the first form posts.
#[derive(Deserialize)]
struct Who {
    login: String,
    #[serde(default)]
    name: String,
}

impl Who {
    fn value(&self) -> Value {
        context! { login => self.login.as_str(), name => self.name.as_str() }
    }
}

async fn ask(State(app): State<App>) -> Result<Response, Failed> {
    app.pages.show(StatusCode::OK, "sign_in.html", context! { who => context! {} })
}

/// Sends a code. The answer is the same for an address that is known and one that is not.
async fn send(
    State(app): State<App>,
    ClientLanguage(language): ClientLanguage,
    Form(who): Form<Who>,
) -> Result<Response, Failed> {
    let again =
        |status, problem: String| app.pages.show(status, "sign_in.html", context! { who => who.value(), problem });
    if who.name.chars().count() > 100 {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "That name is longer than 100 letters.".to_owned());
    }
    let Ok(login) = Login::parse(&who.login) else {
        let problem = "That is neither an e-mail address nor a phone number such as +44 1514 960453.";
        return again(StatusCode::UNPROCESSABLE_ENTITY, problem.to_owned());
    };
    let request = SignInRequest { locale: Some(language.into()), ..SignInRequest::default() };
    match app.identity.sign_in().start_with(login, &request).await {
        Ok(started) => {
            let values = context! { who => who.value(), ticket => started.ticket.as_str() };
            app.pages.show(StatusCode::OK, "code.html", values)
        }
        Err(error) => {
            let (status, problem) = refused(error)?;
            again(status, problem)
        }
    }
}

/// What the second form posts.
#[derive(Deserialize)]
struct Typed {
    #[serde(flatten)]
    who: Who,
    ticket: String,
    code: String,
}

/// Judges the code, and begins the session of whoever has the address: a new member, if nobody had it.
async fn check(
    State(app): State<App>,
    session: Session,
    ClientLanguage(language): ClientLanguage,
    Form(typed): Form<Typed>,
) -> Result<Response, Failed> {
    let Typed { who, ticket, code } = typed;
    let again = |status, problem: String| {
        app.pages.show(status, "code.html", context! { who => who.value(), ticket => ticket.as_str(), problem })
    };
    let Ok(code) = Code::parse(&code) else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "Type the digits of the code.".to_owned());
    };
    let name = if who.name.trim().is_empty() { "friend" } else { who.name.trim() };
    let joining = app.rows.joining(&app.identity, name.chars().take(100).collect());
    let signed_in = match joining.sign_in().confirm(&SignInTicket::new(ticket.as_str()), &code).await {
        Ok(Some(proof)) => proof.find_or_create(newcomer(language)?).await,
        Ok(None) => return again(StatusCode::UNPROCESSABLE_ENTITY, "That code is wrong.".to_owned()),
        Err(error) => Err(error),
    };
    match signed_in {
        Ok(signed_in) => {
            // A new id: whoever knew the one before the sign-in does not know this one.
            session.clear().await;
            session.cycle_id().await?;
            session.insert(USER, signed_in.user.as_str()).await?;
            Ok(Redirect::to("/").into_response())
        }
        Err(error) => {
            let (status, problem) = refused(error)?;
            again(status, problem)
        }
    }
}

/// Messages to a new user are in the language of the browser.
fn newcomer(language: &str) -> Result<NewUser, Failed> {
    let claims = JsonObject::new(Map::from_iter([("locale".to_owned(), language.into())]))?;
    let profile = Profile { claims: claims.into(), ..Profile::default() };
    Ok(NewUser { profile, ..NewUser::default() })
}

async fn leave(session: Session) -> Result<Redirect, Failed> {
    session.flush().await?;
    Ok(Redirect::to("/sign-in"))
}
