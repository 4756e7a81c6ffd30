//! A client that costs little: raw HTTP/1.1 over connections that stay open.

use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use journal::{JetStream, Journal as _};
use model::{ConversationKey, Oid, RunId, Time, TurnRecord};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

type Failure = Box<dyn Error + Send + Sync>;

/// How many connections ask at once.
const N_CONNECTIONS: usize = 64;

/// How long answers took.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    times: Vec<Duration>,
    took: Duration,
}

impl Figures {
    pub(crate) fn time(&mut self, time: Duration) {
        self.times.push(time);
        self.took += time;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.took += other.took;
    }

    /// Answers per second, over all connections.
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn median_ms(&self) -> f64 {
        self.quantile(0.5)
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        self.quantile(0.99)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is an index"
    )]
    fn quantile(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let index = ((times.len().saturating_sub(1)) as f64 * share) as usize;
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// A connection that stays open.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and reads the whole answer; returns where its body begins.
    pub(crate) async fn ask(&mut self, request: &str) -> Result<usize, Failure> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some(head) = find(&self.buffer, b"\r\n\r\n") else {
                continue;
            };
            let text = std::str::from_utf8(self.buffer.get(..head).unwrap_or_default())?;
            if !text.starts_with("HTTP/1.1 2") {
                return Err(text.lines().next().unwrap_or_default().to_owned().into());
            }
            let length = text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>())
            });
            let length = length.ok_or("an answer has no length")??;
            let body = head + 4;
            while self.buffer.len() < body + length {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err("the server closed the connection".into());
                }
            }
            return Ok(body);
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// One answer's body.
pub(crate) async fn once(address: SocketAddr, request: &str) -> Result<Bytes, Failure> {
    let mut connection = Connection::open(address).await?;
    let body = connection.ask(request).await?;
    Ok(Bytes::copy_from_slice(
        connection.buffer.get(body..).unwrap_or_default(),
    ))
}

/// Asks these requests, one after the other and from the start again, over many connections for some time.
pub(crate) async fn load(
    address: SocketAddr,
    requests: &[String],
    duration: Duration,
) -> Result<Figures, Failure> {
    let requests: Arc<[String]> = requests.into();
    let mut connections = JoinSet::new();
    let began = Instant::now();
    let end = began + duration;
    for index in 0..N_CONNECTIONS {
        let requests = Arc::clone(&requests);
        connections.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut times = Vec::new();
            let first = index * requests.len() / N_CONNECTIONS;
            let mut next = requests.iter().cycle().skip(first);
            while Instant::now() < end {
                let Some(request) = next.next() else { break };
                let asked = Instant::now();
                connection.ask(request).await?;
                times.push(asked.elapsed());
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut figures = Figures::default();
    while let Some(ended) = connections.join_next().await {
        figures.times.extend(ended??);
    }
    figures.took = began.elapsed();
    Ok(figures)
}

/// One message to a stream, acknowledged when it is on the disk.
pub(crate) async fn publish(journal: &JetStream, n: usize) -> Result<(), Failure> {
    let key = ConversationKey {
        org: "acme".parse()?,
        run: RunId(Oid::derived(&[b"probe"])),
        n: u32::try_from(n)?,
    };
    let record = TurnRecord::Claimed {
        worker: "x".repeat(400),
        at: Time::from_micros(0),
        restart: false,
    };
    journal.append_turn(&key, &record, 0).await?;
    Ok(())
}
