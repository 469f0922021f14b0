use tokio::io::{AsyncRead, AsyncReadExt as _};

/// One message of the protocol as it went over the line.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Its type; none for those that open a connection.
    pub(crate) kind: Option<u8>,
    pub(crate) bytes: Vec<u8>,
}

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;

impl Message {
    /// Whether it asks for encryption, which is answered by one byte without a length.
    pub(crate) fn asks_for_encryption(&self) -> bool {
        self.kind.is_none()
            && self.bytes.get(4..8).is_some_and(|code| {
                let code = u32::from_be_bytes([code[0], code[1], code[2], code[3]]);
                code == SSL_REQUEST || code == GSS_REQUEST
            })
    }

    /// Whether the client waits for the server to be ready after it: Sync, Query or a function call.
    pub(crate) fn ends_a_flight(&self) -> bool {
        matches!(self.kind, Some(b'S' | b'Q' | b'F'))
    }

    /// Whether it is a statement of its own that begins with this word.
    pub(crate) fn says(&self, word: &str) -> bool {
        self.kind == Some(b'Q') && self.bytes.get(5..).is_some_and(|text| text.starts_with(word.as_bytes()))
    }

    /// Whether the server has said everything that the client waits for: ReadyForQuery.
    pub(crate) fn ends_an_answer(&self) -> bool {
        self.kind == Some(b'Z')
    }
}

/// The first message of a connection: a length and what it is about.
pub(crate) async fn opening(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Message> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    rest(from, None, length, length.to_vec()).await
}

/// Any other message: its type, a length, and the rest.
pub(crate) async fn message(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Message> {
    let mut head = [0; 5];
    from.read_exact(&mut head).await?;
    rest(from, Some(head[0]), [head[1], head[2], head[3], head[4]], head.to_vec()).await
}

async fn rest(
    from: &mut (impl AsyncRead + Unpin),
    kind: Option<u8>,
    length: [u8; 4],
    mut bytes: Vec<u8>,
) -> std::io::Result<Message> {
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(0);
    let head = bytes.len();
    bytes.resize(head + length.saturating_sub(4), 0);
    from.read_exact(&mut bytes[head..]).await?;
    Ok(Message { kind, bytes })
}
