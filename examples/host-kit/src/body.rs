use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;

use crate::in_flight::{Busy, Share};

/// The reason that a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than it may.
    #[error("the body is too large")]
    TooLarge,
    /// It ended early.
    #[error("the body ended early; send it again")]
    Broken,
    /// It did not arrive within the time of the settings.
    #[error("the body did not arrive in time; send it again")]
    Slow,
    /// The token has too many bytes in flight.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// Reads a body of at most `limit` bytes, which count for the share of its request.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(mut body: Body, limit: usize, share: &Share) -> Result<Bytes, BodyError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| if is_slow(&error) { BodyError::Slow } else { BodyError::Broken })?;
        let Ok(data) = frame.into_data() else { continue };
        let refused = if bytes.len() + data.len() > limit {
            Err(BodyError::TooLarge)
        } else {
            share.grow(data.len()).map_err(BodyError::Busy)
        };
        if let Err(error) = refused {
            drain_body(body);
            return Err(error);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

fn is_slow(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(BodyError::Slow)) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Reads what is left of a body that nobody wants, so that the client gets to see the answer: a connection that is closed
/// over unread bytes takes the answer with it. It reads at most 64 MiB for at most 10 s, beside the answer, and keeps nothing.
pub fn drain_body(mut body: Body) {
    tokio::spawn(tokio::time::timeout(Duration::from_secs(10), async move {
        let mut left = 64 * 1_048_576_usize;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    }));
}
