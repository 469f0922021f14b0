use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than it may.
    #[error("the body is too large")]
    TooLarge,
    /// It ended early.
    #[error("the body ended early; send it again")]
    Broken,
    /// It did not come within 30 s.
    #[error("the body did not come within 30 s; send it again")]
    Slow,
}

/// Reads a body of at most `limit` bytes, for at most 30 s.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let read = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Broken)?;
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > limit {
                    return Err(BodyError::TooLarge);
                }
                bytes.extend_from_slice(&data);
            }
        }
        Ok(bytes.into())
    };
    let read = tokio::time::timeout(PATIENCE, read).await.unwrap_or(Err(BodyError::Slow));
    if read == Err(BodyError::TooLarge) {
        drain_body(body);
    }
    read
}

/// Reads what is left of a body that nobody wants, so that the client gets to see the answer: a connection that is closed
/// over unread bytes takes the answer with it. It reads 64 MiB and 10 s at most, beside the answer.
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
