//! A server that answers what a test says.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Method and target.
    pub(super) line: String,
    head: String,
    pub(super) body: String,
}

impl Seen {
    /// A header's value; empty if there is none.
    pub(super) fn header(&self, name: &str) -> String {
        let prefix = format!("{name}: ").to_ascii_lowercase();
        let line = self
            .head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with(&prefix));
        line.map_or_else(String::new, |line| line[prefix.len()..].to_owned())
    }

    pub(super) fn is_sign_in(&self) -> bool {
        self.line.contains("/user/signin_with_api_key")
    }
}

/// What to answer: the bytes, and the connection is closed after them. Empty: it is closed at once.
type Script = dyn Fn(&Seen, usize) -> String + Send + Sync;

/// A server that answers what a test says, given the request and how many others came before that were no sign-in.
#[derive(Clone)]
pub(super) struct Fake {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    pub(super) async fn start(script: impl Fn(&Seen, usize) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
        };
        let seen = Arc::clone(&fake.seen);
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        fake
    }

    /// The requests that came, sign-ins aside.
    pub(super) fn asked(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| !seen.is_sign_in()).cloned().collect()
    }

    pub(super) fn sign_ins(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.is_sign_in()).cloned().collect()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut bytes = Vec::new();
    let request = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let request = Seen {
            line: head.lines().next().unwrap().replace(" HTTP/1.1", ""),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        let length = request.header("content-length").parse().unwrap_or(0);
        if body.len() >= length {
            break request;
        }
    };
    let answer = {
        let mut seen = seen.lock().unwrap();
        let n_before = seen.iter().filter(|seen| !seen.is_sign_in()).count();
        seen.push(request.clone());
        script(&request, n_before)
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// An answer with a body of this type.
pub(super) fn answer(status: u16, content_type: &str, extra: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n{body}",
        body.len()
    )
}

/// An answer of success.
pub(super) fn json(body: &serde_json::Value) -> String {
    answer(200, "application/json; charset=utf-8", "", &body.to_string())
}

/// A refusal.
pub(super) fn problem(code: crate::error::ErrorCode, extra: &str) -> String {
    let problem = crate::error::Problem::new(code, "this time");
    let body = serde_json::to_string(&problem).unwrap();
    answer(code.status(), "application/problem+json", extra, &body)
}
