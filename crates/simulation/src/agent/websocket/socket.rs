//! The connection while it lasts: a task of its own reads, so that pings are answered while nobody waits for a reply. At most
//! [`WAITING_FRAMES`] are kept for whoever reads; then the connection is not read any further.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    sync::mpsc::{self, error::TryRecvError},
    task::JoinHandle,
};
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};

use super::connect::Stream;

/// How many frames may wait.
const WAITING_FRAMES: usize = 16;
/// How long saying goodbye may take.
const GRACE: Duration = Duration::from_secs(2);

/// What ended the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A frame, or the frames of one message together, were larger than allowed.
    TooLarge,
    /// It was closed or cut.
    Gone(String),
    /// What came does not follow the protocol.
    Malformed(String),
}

/// An open connection.
pub(super) struct Socket {
    outgoing: mpsc::Sender<String>,
    incoming: mpsc::Receiver<Result<String, Fault>>,
    task: JoinHandle<()>,
}

impl Socket {
    pub(super) fn over(stream: Stream) -> Self {
        let (outgoing, to_send) = mpsc::channel(1);
        let (received, incoming) = mpsc::channel(WAITING_FRAMES);
        Self {
            outgoing,
            incoming,
            task: tokio::spawn(run(stream, to_send, received)),
        }
    }

    pub(super) async fn send(&mut self, frame: String) -> Result<(), Fault> {
        if self.outgoing.send(frame).await.is_ok() {
            return Ok(());
        }
        // The task has ended; what it said last tells why.
        loop {
            match self.next().await {
                Ok(_frame) => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    /// The next frame of text.
    pub(super) async fn next(&mut self) -> Result<String, Fault> {
        self.incoming.recv().await.unwrap_or_else(|| Err(gone()))
    }

    /// A frame that is there already.
    pub(super) fn waiting(&mut self) -> Result<Option<String>, Fault> {
        match self.incoming.try_recv() {
            Ok(frame) => frame.map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(gone()),
        }
    }

    /// Says goodbye, and waits a moment for the answer.
    pub(super) async fn close(mut self) {
        let (nothing, _) = mpsc::channel(1);
        self.outgoing = nothing;
        // Frames that nobody reads any more must not keep the task from ending.
        self.incoming.close();
        let _late = tokio::time::timeout(GRACE, &mut self.task).await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn gone() -> Fault {
    Fault::Gone("the connection is closed".to_owned())
}

async fn run(
    mut stream: Stream,
    mut to_send: mpsc::Receiver<String>,
    received: mpsc::Sender<Result<String, Fault>>,
) {
    loop {
        let reading = async {
            let room = received.reserve().await;
            (room, stream.next().await)
        };
        tokio::select! {
            frame = to_send.recv() => match frame {
                Some(frame) => {
                    if let Err(why) = stream.send(Message::text(frame)).await {
                        // A close frame may have come meanwhile, and says more than that writing failed.
                        let fault = last_word(&mut stream).await.unwrap_or_else(|| fault(why));
                        let _nobody_listens = received.send(Err(fault)).await;
                        return;
                    }
                }
                None => {
                    let _gone_already = stream.close(None).await;
                    while let Some(Ok(_unread)) = stream.next().await {}
                    return;
                }
            },
            (room, message) = reading => {
                let frame = match message {
                    Some(Ok(Message::Text(text))) => Ok(text.as_str().to_owned()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(other @ (Message::Binary(_) | Message::Close(_)))) => Err(told(&other)),
                    Some(Err(why)) => Err(fault(why)),
                    None => Err(gone()),
                };
                let ended = frame.is_err();
                match room {
                    Ok(room) => room.send(frame),
                    // Nobody reads any more; `to_send` ends next.
                    Err(_closed) => {}
                }
                if ended {
                    // The answer to a close frame is sent by closing.
                    let _gone_already = tokio::time::timeout(GRACE, stream.close(None)).await;
                    return;
                }
            }
        }
    }
}

/// What the other side said last, if it is there already.
async fn last_word(stream: &mut Stream) -> Option<Fault> {
    loop {
        match tokio::time::timeout(GRACE, stream.next()).await {
            Ok(Some(Ok(close @ Message::Close(_)))) => return Some(told(&close)),
            Ok(Some(Ok(_other))) => {}
            Ok(Some(Err(_)) | None) | Err(_) => return None,
        }
    }
}

fn told(message: &Message) -> Fault {
    match message {
        Message::Close(Some(frame)) if frame.reason.is_empty() => {
            Fault::Gone(format!("it closed the connection (code {})", frame.code))
        }
        Message::Close(Some(frame)) => Fault::Gone(format!(
            "it closed the connection (code {}: {})",
            frame.code,
            frame.reason.as_str()
        )),
        Message::Close(None) => Fault::Gone("it closed the connection without a reason".to_owned()),
        Message::Binary(bytes) => Fault::Malformed(format!(
            "it sent a binary frame of {} bytes; only text frames are understood",
            bytes.len()
        )),
        Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => gone(),
    }
}

fn fault(error: Error) -> Fault {
    match error {
        Error::Capacity(_) => Fault::TooLarge,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Fault::Gone("the connection was cut".to_owned())
        }
        Error::Protocol(why) => Fault::Malformed(format!("it breaks the WebSocket protocol: {why}")),
        Error::Utf8(why) => Fault::Malformed(format!("it sent text that is not UTF-8: {why}")),
        Error::ConnectionClosed | Error::AlreadyClosed => gone(),
        other @ (Error::Io(_)
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_)) => Fault::Gone(other.to_string()),
    }
}
