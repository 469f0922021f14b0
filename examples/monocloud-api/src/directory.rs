//! The list of users: page numbers, a filter, an order, and the header that says where one is.

use std::collections::HashMap;
use std::fmt;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use host_kit::Share;
use identity::directory::{DirectoryOrder, DirectoryQuery, Search, SortKey};
use serde::Serialize;
use utoipa::IntoParams;

use crate::caller::unauthorized;
use crate::problem::Problem;

/// The most users on a page.
const LARGEST_PAGE: u32 = 1_000;

const PARAMETERS: [&str; 4] = ["page", "size", "filter", "sort"];

/// The bytes in flight that each user of a page counts for.
const USER_BYTES: usize = 1_024;

/// The parameters of a list: filter, order and page.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// The number of the page, from 1.
    #[param(minimum = 1, default = 1, required = false)]
    page: u32,
    /// The number of users per page.
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
    order: DirectoryOrder,
    descending: bool,
}

/// The order by a time in the extension, see [`SignIns`](crate::wire::SignIns).
const fn reported(path: &'static [&'static str]) -> DirectoryOrder {
    DirectoryOrder::Reported(SortKey::new(path))
}

/// The same by a count.
const fn counted(path: &'static [&'static str]) -> DirectoryOrder {
    DirectoryOrder::Reported(SortKey::new(path).or(0))
}

/// The name of an order on the wire.
fn order(name: &str) -> Option<DirectoryOrder> {
    Some(match name {
        "creation_time" => DirectoryOrder::Created,
        "last_updated" => DirectoryOrder::Updated,
        "last_activity" => reported(&["sign_ins", "last_activity"]),
        "failure_count" => counted(&["sign_ins", "failure_count"]),
        "sign_in_attempts_count" => counted(&["sign_ins", "attempts_count"]),
        "last_sign_in_attempt" => reported(&["sign_ins", "last_attempt"]),
        "sign_in_success_count" => counted(&["sign_ins", "success_count"]),
        "last_sign_in_success" => reported(&["sign_ins", "last_success"]),
        "block_until" => reported(&["sign_ins", "block_until"]),
        _ => return None,
    })
}

/// Whether a filter asks for more than a beginning: a field and its value, a wildcard, several terms. It would find nobody, and
/// the caller would take that for an answer.
fn is_expression(filter: &str) -> bool {
    let operator = |c: char| c.is_whitespace() || matches!(c, ':' | '<' | '>' | '(' | ')' | '"' | '*');
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'!'));
    filter.contains(operator) || filter.split_once('=').is_some_and(|(field, _)| name(field))
}

impl ListParams {
    /// The query for the library.
    #[must_use]
    pub fn query(&self) -> DirectoryQuery {
        DirectoryQuery {
            order: self.sort.order,
            descending: self.sort.descending,
            skip: u64::from(self.page - 1) * u64::from(self.size),
            limit: usize::try_from(self.size).unwrap_or(usize::MAX),
            search: self.filter.as_deref().map(Search::new),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = pairs.map_err(|_| Problem::bad_request("the query cannot be read"))?;
        let mut query = HashMap::new();
        for (name, value) in pairs {
            if !PARAMETERS.contains(&name.as_str()) {
                return Err(Problem::field(&name, "there is no such parameter; leave it out"));
            }
            if query.insert(name.clone(), value).is_some() {
                return Err(Problem::field(&name, "send this parameter once"));
            }
        }
        let mut number = |name: &str, absent: u32, most: u32| match query.remove(name) {
            None => Ok(absent),
            Some(text) => {
                let number = text.parse().ok().filter(|number| (1..=most).contains(number));
                number.ok_or_else(|| Problem::field(name, format!("send a number from 1 to {most}")))
            }
        };
        let (page, size) = (number("page", 1, i32::MAX.unsigned_abs())?, number("size", 10, LARGEST_PAGE)?);
        let sort =
            query.remove("sort").map_or(Ok(Sort { order: DirectoryOrder::Created, descending: false }), |text| {
                let sort = text.split_once(':').and_then(|(key, direction)| {
                    let descending = match direction {
                        "1" => false,
                        "-1" => true,
                        _ => return None,
                    };
                    Some(Sort { order: order(key)?, descending })
                });
                sort.ok_or_else(|| Problem::field("sort", "send field:1 or field:-1, for example last_updated:-1"))
            })?;
        let share = parts.extensions.get::<Share>().cloned().ok_or_else(unauthorized)?;
        share.grow(USER_BYTES * usize::try_from(size).unwrap_or(usize::MAX)).map_err(|_| Problem::busy())?;
        let filter = query.remove("filter").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if filter.as_deref().is_some_and(is_expression) {
            let message = "expressions are not understood; send the beginning of a username, an e-mail address or a phone \
                           number, or a whole user id";
            return Err(Problem::field("filter", message));
        }
        Ok(Self { page, size, filter, sort })
    }
}

/// The header `X-Pagination`.
#[derive(Debug, Serialize)]
pub struct Pagination {
    page_size: u32,
    current_page: u32,
    total_count: u64,
    has_previous: bool,
    has_next: bool,
}

impl Pagination {
    /// The position of a page among `total` users.
    #[must_use]
    pub fn of(params: &ListParams, total: u64) -> Self {
        let until = u64::from(params.page) * u64::from(params.size);
        Self {
            page_size: params.size,
            current_page: params.page,
            total_count: total,
            has_previous: params.page > 1,
            has_next: until < total,
        }
    }
}

impl fmt::Display for Pagination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
