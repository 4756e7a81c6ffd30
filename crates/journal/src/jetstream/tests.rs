//! The contract, against a real server, and what only a real server can do wrong.

mod coalesce;
mod limits;
mod outages;
mod streams;
mod trust;

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
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

#[tokio::test]
async fn agents_are_asked() {
    let server = NatsServer::start();
    let client = async_nats::connect(server.url())
        .await
        .expect("the server accepts connections");
    let attend: contract::Attend = Box::new(move |org, agent| {
        Box::pin(async move {
            let subject = format!("agt.{org}.{agent}");
            let mut requests = client
                .queue_subscribe(subject, "agents".to_owned())
                .await
                .expect("it can subscribe");
            // The server takes what one client sends in order, so once the client hears itself the server knows of the subscription.
            let inbox = client.new_inbox();
            let mut heard = client.subscribe(inbox.clone()).await.expect("it can subscribe");
            client.publish(inbox, Bytes::new()).await.expect("it can publish");
            heard.next().await.expect("the server answers");
            tokio::spawn(async move {
                while let Some(request) = requests.next().await {
                    if let (Some(inbox), Some(reply)) = (request.reply, contract::twice(&request.payload)) {
                        client.publish(inbox, reply).await.expect("it can reply");
                    }
                }
            });
        })
    });
    contract::agents_are_asked(Arc::new(connect(&server).await), attend).await;
}
