//! A service where people sign up and sign in by code. The README is its tutorial.

mod admin;
mod home;
mod pages;
mod rows;
mod start;

use std::process::ExitCode;
use std::sync::Arc;

use axum::extract::FromRef;
use identity::{Address, Identity, User};
use identity_sql::SqlStore;
use pages::Pages;

/// What every request is answered with.
#[derive(Clone)]
struct App {
    identity: Identity,
    store: SqlStore,
    pages: Pages,
    /// The addresses of staff.
    staff: Arc<[Address]>,
}

impl App {
    /// Whether the user has verified an address of staff.
    fn is_staff(&self, user: &User) -> bool {
        user.identifiers().any(|entry| entry.is_verified() && self.staff.contains(&entry.address))
    }
}

/// For [`CurrentUser`](identity_axum::CurrentUser), which reads who is signed in.
impl FromRef<App> for Identity {
    fn from_ref(app: &App) -> Self {
        app.identity.clone()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match start::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
