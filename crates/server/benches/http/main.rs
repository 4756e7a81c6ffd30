//! The speed of the HTTP API, each figure beside its limit, measured in the same run on the same machine.
//!
//! Reading: a page of 50 out of 10,000 personas filtered by a tag, against a bare handler of the same library that returns the same
//! bytes; one client in this process asks both over 64 connections. Writing: a durable create, against a publish to JetStream that
//! is acknowledged. Growth: a page out of more and more personas, by which it should not get slower.
//!
//! `scripts/bench http` runs it; `--full` goes up to a million personas.

mod installation;
mod load;
mod table;

use std::{error::Error, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{
    HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use installation::{Installation, personas};
use journal::{ConnectOptions, JetStream, MemoryJournal, StreamOptions};
use load::{Connection, Figures, load, once, publish};
use serde_json::json;
use table::Table;
use testkit::nats::NatsServer;
use tokio::{net::TcpListener, runtime::Builder, time::Instant};

type Failure = Box<dyn Error + Send + Sync>;

/// How many personas the list is of.
const N_PERSONAS: usize = 10_000;
/// How long each side is asked, per round. Sides take turns, so that a slow moment of the machine hits both.
const ROUND: Duration = Duration::from_secs(3);
/// How many rounds.
const N_ROUNDS: usize = 3;
/// How many creates and publishes are timed.
const N_WRITES: usize = 200;

fn main() -> Result<(), Failure> {
    let full = std::env::args().any(|argument| argument == "--full");
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut table = Table::default();
        reading(&mut table).await?;
        writing(&mut table).await?;
        growth(&mut table, full).await?;
        table.print()
    })
}

/// A page against the same bytes from a bare handler.
async fn reading(table: &mut Table) -> Result<(), Failure> {
    let journal = MemoryJournal::new();
    personas(&journal, N_PERSONAS).await?;
    let installation = Installation::start(Arc::new(journal)).await?;
    let path = "/v1/acme/simulation/persona/?tag=area%3Anorth&limit=50";
    let request = installation.request("GET", path, "");
    let page = once(installation.address(), &request).await?;
    let bare = Bare::start(page.clone()).await?;
    let bare_request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", bare.0);

    // Every request asks for another page, so that no answer can be one that was given before.
    let fresh: Vec<String> = (0..4_000)
        .map(|n| {
            installation.request(
                "GET",
                &format!("{path}&creator=acme%2Cann&creator=acme%2Cu{n}"),
                "",
            )
        })
        .collect();
    let (mut ours, mut uncached, mut limit) = (Figures::default(), Figures::default(), Figures::default());
    for _round in 0..N_ROUNDS {
        limit.add(load(bare.0, std::slice::from_ref(&bare_request), ROUND).await?);
        ours.add(load(installation.address(), std::slice::from_ref(&request), ROUND).await?);
        uncached.add(load(installation.address(), &fresh, ROUND).await?);
    }
    let ratio = ours.per_second() / limit.per_second();
    table.row(
        &format!(
            "list 50 of {N_PERSONAS} by tag ({} bytes), requests/s",
            page.len()
        ),
        ours.per_second(),
        limit.per_second(),
        ratio,
        "at least 0.50 of the bare handler",
        ratio >= 0.5,
    );
    let ratio = uncached.per_second() / limit.per_second();
    table.note(
        "the same, every request another question, requests/s",
        uncached.per_second(),
        limit.per_second(),
        ratio,
    );
    let ratio = ours.p99_ms() / ours.median_ms();
    table.row(
        "its 99th percentile against its median, ms",
        ours.p99_ms(),
        ours.median_ms(),
        ratio,
        "at most 5.00 times",
        ratio <= 5.0,
    );
    let ratio = uncached.p99_ms() / uncached.median_ms();
    table.row(
        "the same, every request another question, ms",
        uncached.p99_ms(),
        uncached.median_ms(),
        ratio,
        "at most 5.00 times",
        ratio <= 5.0,
    );
    installation.stop().await;
    Ok(())
}

/// A create against one publish with acknowledgement.
async fn writing(table: &mut Table) -> Result<(), Failure> {
    let nats = NatsServer::builder()
        .config("jetstream { sync_interval: always }")
        .start();
    let connect = || JetStream::connect(ConnectOptions::new(nats.url()), StreamOptions::default());
    let journal = Arc::new(connect().await?);
    let probe = connect().await?;
    let installation = Installation::start(journal).await?;
    let (mut creates, mut publishes) = (Figures::default(), Figures::default());
    let mut connection = Connection::open(installation.address()).await?;
    for n in 0..N_WRITES {
        let body = json!({
            "name": format!("Persona {n}"), "role": "customer", "tags": {"area": "north"},
            "initial_version": {
                "background": "Orders groceries online.", "preferred_language": "eng", "timezone": "Europe/Berlin",
                "user_models": [], "nonsensitive_user_variables": {}, "sensitive_user_variables": {},
            },
        });
        let request = installation.request("POST", "/v1/acme/simulation/persona/", &body.to_string());
        let began = Instant::now();
        connection.ask(&request).await?;
        creates.time(began.elapsed());
        // The raw limit: one message of about the same size to a subject of a stream, acknowledged when it is on the disk.
        let began = Instant::now();
        publish(&probe, n).await?;
        publishes.time(began.elapsed());
    }
    let (ours, limit) = (creates.median_ms(), publishes.median_ms());
    table.row(
        "create a persona, durable, median ms",
        ours,
        limit,
        ours / limit,
        "at most 2 publishes and 5 ms",
        ours <= 2.0 * limit + 5.0,
    );
    installation.stop().await;
    drop(nats);
    Ok(())
}

/// A page out of more and more.
async fn growth(table: &mut Table, full: bool) -> Result<(), Failure> {
    let mut sizes = vec![1_000, 10_000, 100_000];
    if full {
        sizes.push(1_000_000);
    }
    let mut first = None;
    for size in sizes {
        let journal = MemoryJournal::new();
        personas(&journal, size).await?;
        let installation = Installation::start(Arc::new(journal)).await?;
        let mut connection = Connection::open(installation.address()).await?;
        let mut figures = Figures::default();
        for n in 0..1_000 {
            let path =
                format!("/v1/acme/simulation/persona/?limit=50&creator=acme%2Cann&creator=acme%2Cu{n}");
            let request = installation.request("GET", &path, "");
            let began = Instant::now();
            connection.ask(&request).await?;
            figures.time(began.elapsed());
        }
        let median = figures.median_ms();
        let least = *first.get_or_insert(median);
        let ratio = median / least;
        table.row(
            &format!("a page of 50 out of {size}, median ms"),
            median,
            least,
            ratio,
            "at most 1.20 times that of 1000",
            ratio <= 1.2,
        );
        installation.stop().await;
    }
    Ok(())
}

/// A handler that returns bytes, and nothing else.
struct Bare(std::net::SocketAddr);

impl Bare {
    async fn start(page: Bytes) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route(
            "/",
            get(move || {
                let page = page.clone();
                async move {
                    let length = HeaderValue::from(page.len());
                    let kind = HeaderValue::from_static("application/json");
                    ([(CONTENT_TYPE, kind), (CONTENT_LENGTH, length)], page)
                }
            }),
        );
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self(address))
    }
}
