//! Frames of gRPC: a flag, a length, a message.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::Code;

use super::{MAX_MESSAGE_BYTES, too_large};
use crate::failure::Failure;

/// One byte of flags and four of length.
pub(super) const HEADER_BYTES: usize = 5;

/// Marks the frame of gRPC-web that has the trailers.
pub(super) const TRAILERS: u8 = 0x80;

/// The message of a body that has to be one frame.
pub(super) fn only(mut bytes: Bytes) -> Result<Bytes, Failure> {
    let Some((&[flag, ref length @ ..], _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Err(Failure::unreadable("the message ends early: a frame begins with five bytes"));
    };
    match flag {
        0 => {}
        1 => return Err(Failure::plain(Code::Unimplemented, "compressed messages are not read; send it as it is")),
        _ => return Err(Failure::unreadable("a frame with a request's message has the flag 0")),
    }
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_MESSAGE_BYTES {
        return Err(too_large());
    }
    let message = bytes.split_off(HEADER_BYTES);
    match message.len() {
        there if there < length => Err(Failure::unreadable("the message ends early: its frame says that it is longer")),
        there if there > length => Err(Failure::unreadable("there is more than one message; send one")),
        _ => Ok(message),
    }
}

/// A frame around a message.
pub(super) fn around(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER_BYTES + message.len());
    frame.push(flag);
    // An answer has a few hundred bytes.
    frame.extend(u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

/// Base64 as gRPC-web has it: pieces with padding of their own may stand behind each other.
pub(super) fn from_base64(text: &[u8]) -> Result<Bytes, Failure> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for piece in text.chunks(4) {
        let decoded = STANDARD.decode_vec(piece, &mut bytes);
        decoded.map_err(|_| Failure::unreadable("the body is not base64, which its media type says"))?;
    }
    Ok(bytes.into())
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
