//! Direct Line, as `@nlpjs/directline-connector` serves it.

use std::collections::BTreeMap;

use harness::Peer;
use model::{DirectLine, DirectLineCredential, Protocol};

use super::{Talk, text};

#[tokio::test]
async fn a_bot_is_asked_and_listened_to() {
    let peer = Peer::start("directline");
    let mut talk = Talk::begin(Protocol::DirectLine(DirectLine {
        base_url: text(&format!("{}/directline", peer.url)),
        credential: DirectLineCredential::Secret(text("any will do")),
        headers: BTreeMap::new(),
        quiet_ms: 100,
        poll_ms: 50,
    }))
    .await;
    assert_eq!(talk.hear("hello").await, "Hello, this is the concierge.");
    assert_eq!(
        talk.hear("what time is breakfast served?").await,
        "Breakfast is from 7 to 10."
    );
    let stored = talk.turns.last().unwrap().session.clone().unwrap();
    assert!(stored.ends_with(r#","watermark":"4"}"#), "{stored}");
    // Another worker reads on where the first stopped, in the same conversation.
    let mut talk = talk.hand_over().await;
    assert_eq!(talk.hear("xyzzy").await, "Sorry, I didn't understand you");
    let reply = talk.say("goodbye").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("Goodbye.", false));
    assert_eq!(reply.session.unwrap(), stored.replace("\"4\"", "\"8\""));
}

#[tokio::test]
async fn a_turn_that_was_posted_is_not_posted_again() {
    let peer = Peer::start("directline");
    let mut talk = Talk::begin(Protocol::DirectLine(DirectLine {
        base_url: text(&format!("{}/directline", peer.url)),
        credential: DirectLineCredential::None,
        headers: BTreeMap::new(),
        quiet_ms: 100,
        poll_ms: 50,
    }))
    .await;
    assert_eq!(talk.hear("hello").await, "Hello, this is the concierge.");
    assert_eq!(talk.hear("goodbye").await, "Goodbye.");
    talk.forget_last_exchange();
    let mut talk = talk.hand_over().await;
    let reply = talk.say("goodbye").await.unwrap();
    assert_eq!(reply.text, "Goodbye.");
    // Message and answer, twice: had it been posted again, there would be more.
    let stored = reply.session.unwrap();
    assert!(stored.ends_with(r#","watermark":"4"}"#), "{stored}");
}
