//! Programs that talk in a terminal, as they are.

use std::collections::BTreeMap;

use harness::{peer_file, repository};
use model::{Continuation, Protocol, StdioFraming};

use super::{Talk, text};

fn bot(program: &str, prompt: &str) -> Protocol {
    let python = peer_file("bots/bin/python");
    let script = repository().join("tests/peers/bots").join(program);
    let words = [&python, &script].map(|path| text(path.to_str().expect("the path is text")));
    Protocol::Stdio {
        command: words.to_vec(),
        framing: StdioFraming::Prompt {
            prompt: Some(prompt.to_owned()),
        },
        env: BTreeMap::new(),
        working_directory: None,
        continuation: Continuation::Restart,
    }
}

#[tokio::test]
async fn alice_answers_like_alice() {
    let mut talk = Talk::begin(bot("alice.py", "> ")).await;
    assert_eq!(talk.hear("Hello").await, "Hi there!");
    assert_eq!(talk.hear("My name is Ada").await, "OK I will call you Ada.");
    assert_eq!(
        talk.hear("What is my name?").await,
        "I don't know. What is your name?"
    );
    talk.session.close().await;
}

#[tokio::test]
async fn eliza_listens_and_her_crash_is_told() {
    let mut talk = Talk::begin(bot("eliza.py", ">")).await;
    assert_eq!(talk.hear("Hello").await, "Hi there... how are you today?");
    assert_eq!(
        talk.hear("I need a holiday").await,
        "Would it really help you to get a holiday?"
    );
    let third = talk.hear("My mother never listens").await;
    assert!(!third.is_empty() && !third.contains('>'), "{third}");
    let error = talk.say("!!!").await.unwrap_err().to_string();
    assert!(
        error.contains("the process ended (exit status: 1)")
            && error.contains("IndexError: string index out of range"),
        "{error}"
    );
    talk.session.close().await;
}
