//! Rasa, which is large and needs an old Python: only where `REHEARSE_PEERS=rasa` says that it is installed.

use std::collections::BTreeMap;

use harness::Peer;
use model::{Protocol, Rasa};

use super::{Talk, text};

#[tokio::test]
async fn rasa_keeps_the_conversation_and_may_say_nothing() {
    if std::env::var_os("REHEARSE_PEERS").is_none_or(|peers| peers != "rasa") {
        return;
    }
    let peer = Peer::start("rasa");
    let mut talk = Talk::begin(Protocol::Rasa(Rasa {
        base_url: text(&peer.url),
        channel: text("rest"),
        opening: None,
        headers: BTreeMap::new(),
        metadata: None,
    }))
    .await;
    assert_eq!(talk.hear("hello").await, "Hello, this is the concierge.");
    assert_eq!(talk.hear("My name is Ada").await, "Nice to meet you, Ada.");
    assert_eq!(
        talk.hear("breakfast").await,
        "Breakfast is from 7 to 10.\n\nShall I book a table?\n[Yes] [No]"
    );
    let silent = talk.say("say nothing").await.unwrap();
    assert_eq!((silent.text.as_str(), silent.completed), ("", false));
    let mut talk = talk.hand_over().await;
    assert_eq!(talk.hear("what is my name").await, "Your name is Ada.");
}
