//! The contract, against a real server, and what only a real server can do wrong.

mod coalesce;
mod limits;
mod outages;
mod streams;
mod trust;

use std::sync::Arc;

use testkit::nats::NatsServer;

use super::{ConnectOptions, JetStream, StreamOptions};
use crate::contract;

fn options() -> StreamOptions {
    StreamOptions {
        lease_duration: contract::LEASE,
        ..StreamOptions::default()
    }
}

async fn connect(server: &NatsServer) -> JetStream {
    JetStream::connect(ConnectOptions::new(server.url()), options())
        .await
        .expect("the server is suitable")
}

/// A client that does as it likes.
async fn raw(server: &NatsServer) -> async_nats::jetstream::Context {
    async_nats::jetstream::new(
        async_nats::connect(server.url())
            .await
            .expect("the server accepts connections"),
    )
}

macro_rules! contract_tests {
    ($($check:ident)+) => {
        mod keeps_the_contract {
            use super::*;

            $(
                #[tokio::test]
                async fn $check() {
                    let server = NatsServer::start();
                    contract::$check(Arc::new(connect(&server).await)).await;
                }
            )+
        }
    };
}

contract::every_check!(contract_tests);
