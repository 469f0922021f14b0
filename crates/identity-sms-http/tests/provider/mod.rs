//! A provider of text messages on loopback, with faults on demand: the form API at `/2010-04-01/..`, a webhook anywhere else.
#![expect(clippy::unwrap_used, reason = "a provider that breaks fails its test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request that came in whole.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A field of the form in the body.
    pub(crate) fn field(&self, name: &str) -> String {
        let mut fields = url::form_urlencoded::parse(self.body.as_bytes());
        fields.find(|(known, _)| known == name).map_or_else(String::new, |(_, value)| value.into_owned())
    }
}

/// What the provider does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Takes the message.
    Take,
    /// Takes the message, and answers after so long.
    TakeSlowly(Duration),
    /// Takes the message, and never answers.
    TakeAndStall,
    /// Takes the message, and resets the connection.
    TakeAndReset,
    /// Reads the request, does not take the message, and resets the connection.
    Reset,
    /// Answers so, with further headers and a body.
    Answer(u16, &'static str, &'static str),
}

/// A provider that runs until it is dropped.
pub(crate) struct Provider {
    pub(crate) base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Provider {
    /// Starts one; `turn` says what to do with each request.
    pub(crate) async fn start(turn: impl Fn(&Seen) -> Turn + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let turn = Arc::new(turn);
        let task = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(serve(stream, Arc::clone(&seen), Arc::clone(&turn)));
                    while connections.try_join_next().is_some() {}
                }
            }
        });
        Self { base, seen, task }
    }

    /// The requests that came in, in their order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Seen>>>, turn: Arc<impl Fn(&Seen) -> Turn>) {
    while let Some(request) = read(&mut stream).await {
        let turn = turn(&request);
        let form = request.path.starts_with("/2010-04-01/");
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len()
        };
        let taken = if form {
            (201, "", format!("{{\"sid\": \"SM{number:032x}\", \"status\": \"queued\"}}"))
        } else {
            (202, "", format!("{{\"reference\": \"gw-{number}\"}}"))
        };
        let (status, headers, body) = match turn {
            Turn::Take => taken,
            Turn::TakeSlowly(wait) => {
                tokio::time::sleep(wait).await;
                taken
            }
            Turn::TakeAndStall => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return;
            }
            Turn::TakeAndReset | Turn::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Turn::Answer(status, headers, body) => (status, headers, body.to_owned()),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A whole request; `None` when the connection ends.
async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let (head, mut body) = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            break (String::from_utf8(bytes).unwrap(), body);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, length)| length);
    let length: usize = length.parse().unwrap();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { path, headers, body: String::from_utf8(body).unwrap() })
}
