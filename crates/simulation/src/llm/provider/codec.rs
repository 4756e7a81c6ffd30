//! What `genai` makes of questions and answers, without letting it near the network.
//!
//! `genai` can only be used as a whole: it writes a request, sends it, reads the answer to its end, however long that is, and takes it apart;
//! its parts are private. So it is given an address of this process: a socket on the loopback interface that lives for one request. What
//! arrives there is taken off and carried to the provider by our own client, with our bounds, addresses, keys and errors; the answer, once
//! read, goes back over the socket. `genai` sees neither keys nor the provider's address. The socket answers only who knows a random path.

use std::{io, sync::OnceLock};

use futures::future::{Either, select};
use genai::{
    ServiceTarget,
    adapter::AdapterKind,
    chat::ChatResponse,
    resolver::{AuthData, Endpoint},
};
use model::{LanguageModel, Provider};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::payload;
use crate::{
    excerpt::excerpt,
    llm::{AskError, layer::Request},
};

/// The longest request, in bytes.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// The longest head of a request on the socket, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Writes requests and takes answers apart. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::llm) struct Codec {
    client: genai::Client,
}

/// A provider's answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) body: Value,
    /// The same taken apart, or why that cannot be done.
    pub(super) response: Result<ChatResponse, String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unread {
    /// The request was carried to no answer.
    Carrying(AskError),
    /// The request cannot be written.
    Codec(String),
}

impl Codec {
    /// # Errors
    /// The client for the socket cannot be set up.
    pub(in crate::llm) fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|why| why.to_string())?;
        let client = genai::Client::builder()
            .with_reqwest(client)
            .build()
            .map_err(|why| why.to_string())?;
        Ok(Self { client })
    }

    /// Writes the request, has it carried, and takes the answer apart.
    pub(super) async fn exchange<F: Future<Output = Result<Value, AskError>> + Send>(
        &self,
        definition: &LanguageModel,
        request: &Request,
        carry: impl FnOnce(Value) -> F + Send,
    ) -> Result<Answered, Unread> {
        let socket = |why: io::Error| Unread::Codec(format!("no socket of this process can be used ({why})"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(socket)?;
        let path = format!("/{:032x}", rand::random::<u128>());
        let url = format!("http://{}{path}", listener.local_addr().map_err(socket)?);
        let target = ServiceTarget {
            // Not used: the address below replaces what it would become.
            endpoint: Endpoint::from_static("http://127.0.0.1/"),
            auth: AuthData::RequestOverride {
                url,
                headers: genai::Headers::default(),
            },
            model: genai::ModelIden::new(kind(definition.provider), definition.model.as_str()),
        };
        let (chat, options) = payload::chat(definition, request);
        let body = OnceLock::new();
        let response = {
            let reading = std::pin::pin!(self.client.exec_chat(target, chat, Some(&options)));
            let carrying = std::pin::pin!(async {
                let (mut stream, written) = accept(&listener, &path).await.map_err(socket)?;
                let written = serde_json::from_slice(&written)
                    .map_err(|why| Unread::Codec(format!("the request came out as no JSON ({why})")))?;
                let answer = carry(written).await.map_err(Unread::Carrying)?;
                // Whoever reads learns of a socket that breaks.
                let _gone = give(&mut stream, body.get_or_init(|| answer)).await;
                Ok(())
            });
            match select(reading, carrying).await {
                Either::Left((response, _carrying)) => response,
                Either::Right((carried, reading)) => {
                    carried?;
                    reading.await
                }
            }
        };
        let response = response.map_err(|why| said(&why));
        match (body.into_inner(), response) {
            (Some(body), response) => Ok(Answered { body, response }),
            (None, Err(reason)) => Err(Unread::Codec(reason)),
            (None, Ok(_)) => Err(Unread::Codec("an answer came from nowhere".to_owned())),
        }
    }
}

const fn kind(provider: Provider) -> AdapterKind {
    match provider {
        Provider::OpenAi => AdapterKind::OpenAI,
        Provider::OpenAiResponses => AdapterKind::OpenAIResp,
        Provider::Anthropic => AdapterKind::Anthropic,
        Provider::Gemini => AdapterKind::Gemini,
        Provider::Ollama => AdapterKind::Ollama,
    }
}

/// The plain cause: some errors print whole requests.
fn said(error: &genai::Error) -> String {
    if let genai::Error::ChatResponseGeneration { cause, .. } = error {
        format!(
            "the answer does not follow the provider's protocol ({})",
            excerpt(cause, 300)
        )
    } else {
        format!(
            "the request cannot be made ({})",
            excerpt(&error.to_string(), 300)
        )
    }
}

/// The body of the first request that knows the path, and where its answer goes.
async fn accept(listener: &TcpListener, path: &str) -> io::Result<(TcpStream, Vec<u8>)> {
    let expected = format!("POST {path} HTTP/1.1\r\n");
    loop {
        let (mut stream, _address) = listener.accept().await?;
        if let Ok(Some(body)) = read_request(&mut stream, expected.as_bytes()).await {
            return Ok((stream, body));
        }
    }
}

/// The body of a request; none if it does not begin as expected, is too long, or ends early.
async fn read_request(stream: &mut TcpStream, expected: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let head_bytes = loop {
        let from = bytes.len().saturating_sub(3);
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
        let known = bytes.len().min(expected.len());
        if bytes[..known] != expected[..known] {
            return Ok(None);
        }
        if let Some(at) = bytes[from..].windows(4).position(|window| window == b"\r\n\r\n") {
            break from + at + 4;
        }
        if bytes.len() > MAX_HEAD_BYTES {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_bytes]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok())
        .filter(|length| *length <= MAX_REQUEST_BYTES);
    let Some(length) = length else {
        return Ok(None);
    };
    while bytes.len() < head_bytes + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(bytes[head_bytes..head_bytes + length].to_vec()))
}

async fn give(stream: &mut TcpStream, answer: &Value) -> io::Result<()> {
    let body = answer.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(address: std::net::SocketAddr, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn the_socket_answers_only_who_knows_the_path() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut strangers = Vec::new();
        for bytes in [
            "POST /guess HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}",
            "GET /path HTTP/1.1\r\n\r\n",
            "POST /path HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
            "POST /path HTTP/1.1\r\n\r\n{}",
            "\r\n\r\n",
        ] {
            strangers.push(call(address, bytes.as_bytes()).await);
        }
        let mut endless = b"POST /path HTTP/1.1\r\n".to_vec();
        endless.resize(MAX_HEAD_BYTES + 100, b'x');
        strangers.push(call(address, &endless).await);
        let ours = call(address, b"POST /path HTTP/1.1\r\nContent-Length: 5\r\n\r\n[1,2]").await;
        let (_stream, body) = accept(&listener, "/path").await.unwrap();
        assert_eq!(body, b"[1,2]");
        drop((strangers, ours));
    }
}
