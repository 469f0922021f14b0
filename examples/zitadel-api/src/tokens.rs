//! Access tokens: administrators' and users' own.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use host_kit::{InFlight, Share, Tokens};
use identity::UserId;
use tonic::Code;

use crate::failure::Failure;
use crate::text::Text;

/// The reason that a list of tokens is refused. Its text repeats nothing of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// The list is empty.
    #[error(
        "there is no token; set IDENTITY_TOKENS or IDENTITY_TOKENS_FILE, for example to root-token:admin,ada-token:user:ada"
    )]
    None,
    /// An entry is malformed; the number counts from 1.
    #[error("entry {0} of IDENTITY_TOKENS is malformed; write TOKEN:admin, TOKEN:admin:NAME or TOKEN:user:ID")]
    Entry(usize),
    /// An entry has the token of an earlier one.
    #[error("entry {0} of IDENTITY_TOKENS has the token of an earlier entry; give each holder one of their own")]
    Twice(usize),
}

/// The caller of a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Caller {
    /// An administrator; the name becomes the actor of events.
    Administrator(Arc<str>),
    /// A user, who may act on their own account.
    User(UserId),
}

impl Caller {
    /// Whether it is an administrator.
    #[must_use]
    pub const fn is_administrator(&self) -> bool {
        matches!(self, Self::Administrator(_))
    }

    /// The name for the log; it never contains a user's id.
    #[must_use]
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::Administrator(name) => Arc::clone(name),
            Self::User(_) => "a user's own".into(),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// The holder of a token, and what the token has in flight.
#[derive(Clone)]
struct Holder {
    caller: Caller,
    in_flight: InFlight,
}

/// Prints the caller alone.
impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.caller.fmt(f)
    }
}

/// The tokens that are accepted.
#[derive(Debug, Clone)]
pub struct AccessTokens(Tokens<Holder>);

impl AccessTokens {
    /// Reads entries separated by commas or white space: `TOKEN:admin`, `TOKEN:admin:NAME` or `TOKEN:user:ID`. The first colon
    /// ends the token.
    ///
    /// # Errors
    /// [`TokensError`].
    ///
    /// ```
    /// use zitadel_api::AccessTokens;
    ///
    /// let tokens = AccessTokens::parse("root-token:admin,ada-token:user:ada")?;
    /// assert!(tokens.holder("root-token").is_some_and(|caller| caller.is_administrator()));
    /// assert!(tokens.holder("ada-token").is_some_and(|caller| !caller.is_administrator()));
    /// assert!(tokens.holder("ada").is_none());
    /// assert!(!format!("{tokens:?}").contains("root-token"));
    /// # Ok::<(), zitadel_api::TokensError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        let mut seen = HashSet::new();
        let entries = (1..).zip(Tokens::<Holder>::entries(text));
        let tokens = entries.map(|(number, entry)| {
            let (token, caller) = token(entry).ok_or(TokensError::Entry(number))?;
            if seen.insert(token) {
                Ok((token, Holder { caller, in_flight: InFlight::default() }))
            } else {
                Err(TokensError::Twice(number))
            }
        });
        let tokens = tokens.collect::<Result<Tokens<_>, _>>()?;
        if tokens.is_empty() { Err(TokensError::None) } else { Ok(Self(tokens)) }
    }

    /// The holder of a token.
    #[must_use]
    pub fn holder(&self, sent: &str) -> Option<&Caller> {
        self.0.holder(sent, |_| true).map(|holder| &holder.caller)
    }

    /// The caller that the header `Authorization` names, which gRPC sends as metadata, and a share of what its token may have
    /// in flight. It reads nothing else of a request.
    ///
    /// # Errors
    /// Unauthenticated, in three ways; [`Failure::busy`] when the token has too many requests under way.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(Caller, Share), Failure> {
        const CODE: Code = Code::Unauthenticated;
        let mut sent = headers.get_all(header::AUTHORIZATION).iter();
        let missing = || Failure::nameless(CODE, Text::AuthMissing);
        let invalid = || Failure::new(CODE, "AUTH-toLo1", Text::AuthInvalid);
        let value = sent.next().filter(|value| !value.is_empty()).ok_or_else(missing)?;
        if sent.next().is_some() {
            return Err(invalid());
        }
        let value = value.to_str().map_err(|_| invalid())?;
        let (scheme, token) = value.split_once(' ').ok_or_else(invalid)?;
        if !scheme.eq_ignore_ascii_case("Bearer") || token.trim().is_empty() {
            return Err(invalid());
        }
        let holder = self.0.holder(token.trim(), |_| true);
        let holder = holder.ok_or_else(|| Failure::new(CODE, "AUTH-7fs1e", Text::TokenInvalid))?;
        Ok((holder.caller.clone(), holder.in_flight.request().map_err(|_| Failure::busy())?))
    }
}

fn token(entry: &str) -> Option<(&str, Caller)> {
    let (token, role) = entry.split_once(':')?;
    let caller = match role.split_once(':') {
        None if role == "admin" => Caller::Administrator("admin".into()),
        Some(("admin", name)) if !name.is_empty() => Caller::Administrator(name.into()),
        Some(("user", id)) => Caller::User(UserId::parse(id).ok()?),
        _ => return None,
    };
    (!token.is_empty()).then_some((token, caller))
}
