//! `a2a` against the official SDK's servers, in both versions and bindings, whole and streamed.

use std::collections::BTreeMap;

use harness::Peer;
use model::{A2aBinding, A2aVersion, Protocol};

use super::{Talk, text};

fn by_card(url: &str, binding: A2aBinding, version: A2aVersion, streaming: bool) -> Protocol {
    Protocol::A2a {
        card: Some(text(url)),
        endpoint: None,
        binding: Some(binding),
        version: Some(version),
        streaming,
        api_key: None,
        headers: BTreeMap::from([("x-session".to_owned(), "{{ session_id }}".to_owned())]),
    }
}

/// Everything that the agent can do, over two workers.
async fn converse(protocol: Protocol) {
    let what = format!("{protocol:?}");
    let mut talk = Talk::begin(protocol).await;
    assert_eq!(
        talk.hear("My name is Ada").await,
        "Nice to meet you, Ada.",
        "{what}"
    );
    assert_eq!(talk.hear("What is my name?").await, "Your name is Ada.", "{what}");
    assert_eq!(
        talk.hear("order coffee").await,
        "Which size: small or large?",
        "{what}"
    );
    let mut talk = talk.hand_over().await;
    assert_eq!(
        talk.hear("large").await,
        "Here you are.\n\n1 large coffee",
        "{what}"
    );
    assert_eq!(talk.hear("report").await, "one two three", "{what}");
    assert_eq!(talk.hear("wait 0.3").await, "I waited 0.3 seconds.", "{what}");
    assert_eq!(talk.hear("reject").await, "Not on the menu.", "{what}");
    let traceparent = talk.hear("which traceparent").await;
    assert!(
        traceparent.starts_with("traceparent: 00-"),
        "{what}: {traceparent}"
    );
    let mut talk = talk.hand_over().await;
    assert_eq!(
        talk.hear("how many messages").await,
        "You have sent 9 messages.",
        "{what}"
    );
    let failed = talk.say("fail").await.unwrap_err();
    assert!(
        failed
            .to_string()
            .contains("the task failed: The kitchen is closed."),
        "{what}: {failed}"
    );
    let refused = talk.say("sign in").await.unwrap_err();
    assert!(
        refused.to_string().ends_with("`headers`: Sign in first."),
        "{what}: {refused}"
    );
}

/// Every binding, whole and streamed.
async fn converse_in_every_way(peer: &Peer, version: A2aVersion) {
    for binding in [A2aBinding::JsonRpc, A2aBinding::HttpJson] {
        for streaming in [false, true] {
            Box::pin(converse(by_card(&peer.url, binding, version, streaming))).await;
        }
    }
}

#[tokio::test]
async fn version_1_0() {
    let peer = Peer::start("a2a");
    Box::pin(converse_in_every_way(&peer, A2aVersion::V1)).await;
    // The card of this server prefers 1.0 by JSON-RPC; a connection that says so itself needs no card.
    let direct = Protocol::A2a {
        card: None,
        endpoint: Some(text(&format!("{}/rpc", peer.url))),
        binding: None,
        version: None,
        streaming: false,
        api_key: None,
        headers: BTreeMap::new(),
    };
    Box::pin(converse(direct)).await;
    // Spoken to as 0.3, where the same server translates.
    Box::pin(converse_in_every_way(&peer, A2aVersion::V0_3)).await;
}

#[tokio::test]
async fn version_0_3() {
    let peer = Peer::start("a2a_0_3");
    Box::pin(converse_in_every_way(&peer, A2aVersion::V0_3)).await;
    let card = Protocol::A2a {
        card: Some(text(&peer.url)),
        endpoint: None,
        binding: None,
        version: None,
        streaming: false,
        api_key: None,
        headers: BTreeMap::new(),
    };
    Box::pin(converse(card)).await;
}
