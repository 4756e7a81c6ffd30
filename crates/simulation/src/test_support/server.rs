//! A tiny HTTP server that answers as a test says, faults included.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How one request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Response {
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, and then nothing, while the connection stays open.
    Stall(Vec<u8>),
    /// A body that never ends.
    Endless,
    /// Nothing, and the connection stays open.
    Hang,
    /// The connection is closed at once.
    Cut,
}

impl Response {
    /// A response with further header lines and a body.
    pub(crate) fn with(status: &str, headers: &[&str], body: &str) -> Self {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        Self::Raw(format!("{head}{body}").into_bytes())
    }

    /// 200 with a JSON body.
    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self::with("200 OK", &["content-type: application/json"], &body.to_string())
    }
}

/// Answers requests in order, then with 500; keeps what it was sent.
#[derive(Debug)]
pub(crate) struct Server {
    /// Of the form `http://127.0.0.1:1234`.
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(responses: Vec<Response>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut responses = VecDeque::from(responses);
            let mut open = Vec::new();
            while let Ok((mut stream, _address)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                seen.lock().unwrap().push(request);
                let response = responses
                    .pop_front()
                    .unwrap_or_else(|| Response::with("500 Internal Server Error", &[], "spent"));
                match response {
                    Response::Raw(bytes) => {
                        let _gone = stream.write_all(&bytes).await;
                        let _gone = stream.shutdown().await;
                    }
                    Response::Stall(bytes) => {
                        let _gone = stream.write_all(&bytes).await;
                        open.push(stream);
                    }
                    Response::Endless => {
                        let _gone = stream
                            .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                            .await;
                        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
                    }
                    Response::Hang => open.push(stream),
                    Response::Cut => {}
                }
            }
        });
        Self { url, requests, task }
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The body of a request.
    pub(crate) fn body(&self, index: usize) -> serde_json::Value {
        let requests = self.requests();
        serde_json::from_str(requests[index].split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(|n| n.trim().to_owned())
                })
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
