//! The list of users: page numbers, a filter, an order, and the header that says where one is.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use identity::{Admin, ListOrder, ListQuery, Timestamp, User};
use serde::Serialize;
use utoipa::IntoParams;

use crate::problem::Problem;

/// The most users on a page.
const LARGEST_PAGE: u32 = 1_000;

/// Which users, in which order, and which page of them.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Which page, from 1.
    #[param(minimum = 1, default = 1, required = false)]
    page: u32,
    /// How many users a page has.
    #[param(minimum = 1, maximum = 1000, default = 10, required = false)]
    size: u32,
    /// Users whose username, an e-mail address or a phone number begins so, or whose id it is.
    filter: Option<String>,
    /// By what, and up (1) or down (-1); by creation when absent. Those who have no such time come first.
    #[param(value_type = Option<String>, pattern = "^(creation_time|last_updated|last_activity|failure_count|sign_in_attempts_count|last_sign_in_attempt|sign_in_success_count|last_sign_in_success|block_until):-?1$")]
    sort: Sort,
}

#[derive(Debug, Clone, Copy)]
struct Sort {
    key: SortKey,
    descending: bool,
}

#[derive(Debug, Clone, Copy)]
enum SortKey {
    CreationTime,
    LastUpdated,
    LastActivity,
    FailureCount,
    SignInAttemptsCount,
    LastSignInAttempt,
    SignInSuccessCount,
    LastSignInSuccess,
    BlockUntil,
}

impl SortKey {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "creation_time" => Self::CreationTime,
            "last_updated" => Self::LastUpdated,
            "last_activity" => Self::LastActivity,
            "failure_count" => Self::FailureCount,
            "sign_in_attempts_count" => Self::SignInAttemptsCount,
            "last_sign_in_attempt" => Self::LastSignInAttempt,
            "sign_in_success_count" => Self::SignInSuccessCount,
            "last_sign_in_success" => Self::LastSignInSuccess,
            "block_until" => Self::BlockUntil,
            _ => return None,
        })
    }

    /// What is not known comes before everything that is.
    fn of(self, user: &User) -> Option<i128> {
        let sign_ins = user.sign_ins();
        let time = |at: Option<Timestamp>| at.map(|at| i128::from(at.as_micros()));
        match self {
            Self::CreationTime => time(Some(user.created_at())),
            Self::LastUpdated => time(Some(user.updated_at())),
            Self::LastActivity => time(sign_ins.last_activity),
            Self::FailureCount => Some(sign_ins.failure_count.into()),
            Self::SignInAttemptsCount => Some(sign_ins.attempts_count.into()),
            Self::LastSignInAttempt => time(sign_ins.last_attempt),
            Self::SignInSuccessCount => Some(sign_ins.success_count.into()),
            Self::LastSignInSuccess => time(sign_ins.last_success),
            Self::BlockUntil => time(sign_ins.block_until),
        }
    }
}

/// A page of users, and how many there are on all pages.
#[derive(Debug)]
pub struct Page {
    /// The users.
    pub users: Vec<Arc<User>>,
    /// How many the filter finds.
    pub total: usize,
}

impl ListParams {
    /// The page.
    ///
    /// # Errors
    /// The store's.
    pub async fn page(&self, admin: &Admin) -> Result<Page, Problem> {
        let mut users = self.all(admin).await?;
        users.sort_by(|a, b| {
            let order = self.sort.key.of(a).cmp(&self.sort.key.of(b)).then_with(|| a.id().cmp(b.id()));
            if self.sort.descending { order.reverse() } else { order }
        });
        let total = users.len();
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let before = usize::try_from(self.page - 1).unwrap_or(usize::MAX).saturating_mul(size);
        Ok(Page { users: users.into_iter().skip(before).take(size).collect(), total })
    }

    /// Every user that the filter finds.
    async fn all(&self, admin: &Admin) -> Result<Vec<Arc<User>>, Problem> {
        let filter = self.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
        let folded = filter.map(str::to_lowercase);
        let found = |user: &User| match (&folded, filter) {
            (Some(folded), Some(filter)) => {
                let name = user.username().map(|entry| entry.username.claim_key());
                let mut keys = user.identifiers().map(|entry| entry.address.claim_key()).chain(name);
                user.id().as_str() == filter || keys.any(|key| key.as_str().starts_with(folded))
            }
            _ => true,
        };
        let mut users = Vec::new();
        let mut query = ListQuery { order: ListOrder::Created, after: None, limit: 1_000, prefix: None };
        loop {
            let page = admin.list(&query).await?;
            users.extend(page.users.into_iter().map(|stored| stored.user).filter(|user| found(user)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(users),
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Query(mut query) = query.map_err(|_| Problem::bad_request("the query cannot be read"))?;
        let mut number = |name: &str, absent: u32, most: u32| match query.remove(name) {
            None => Ok(absent),
            Some(text) => {
                let number = text.parse().ok().filter(|number| (1..=most).contains(number));
                number.ok_or_else(|| Problem::field(name, format!("send a number from 1 to {most}")))
            }
        };
        let (page, size) = (number("page", 1, i32::MAX.unsigned_abs())?, number("size", 10, LARGEST_PAGE)?);
        let sort = query.remove("sort").map_or(Ok(Sort { key: SortKey::CreationTime, descending: false }), |text| {
            let sort = text.split_once(':').and_then(|(key, direction)| {
                let descending = match direction {
                    "1" => false,
                    "-1" => true,
                    _ => return None,
                };
                Some(Sort { key: SortKey::parse(key)?, descending })
            });
            sort.ok_or_else(|| Problem::field("sort", "send field:1 or field:-1, for example last_updated:-1"))
        })?;
        Ok(Self { page, size, filter: query.remove("filter"), sort })
    }
}

/// The header `X-Pagination`.
#[derive(Debug, Serialize)]
pub struct Pagination {
    page_size: u32,
    current_page: u32,
    total_count: usize,
    has_previous: bool,
    has_next: bool,
}

impl Pagination {
    /// Where one is, when there are so many users in all.
    #[must_use]
    pub fn of(params: &ListParams, total: usize) -> Self {
        let until = u64::from(params.page) * u64::from(params.size);
        Self {
            page_size: params.size,
            current_page: params.page,
            total_count: total,
            has_previous: params.page > 1,
            has_next: until < total as u64,
        }
    }
}

impl fmt::Display for Pagination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
