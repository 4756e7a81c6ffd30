//! Commits: append, conflict, repetition, reading.

use std::sync::Arc;

use model::{Recorded, Text};

use super::fixtures::{commit, commits, object, org};
use crate::{AppendError, Appended, Journal, JournalError, LogName};

fn appended(first: u64, last: u64, duplicate: bool) -> Appended {
    Appended {
        first,
        last,
        duplicate,
    }
}

async fn last_sequence(journal: &Arc<dyn Journal>) -> u64 {
    journal
        .info(LogName::Events)
        .await
        .expect("the log has information")
        .last_sequence
}

/// What is appended is what is read, by every way of reading.
pub async fn append_then_read(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let before = journal
        .info(LogName::Events)
        .await
        .expect("the log has information");
    assert_eq!(before.last_sequence, 0);
    assert_eq!(journal.org_tail(&org).await.expect("the tail can be read"), 0);

    let first = commit(&org, 1, "first");
    let outcome = journal
        .append(std::slice::from_ref(&first), 0)
        .await
        .expect("it is the first");
    assert_eq!(outcome, appended(1, 1, false));
    let second = commit(&org, 1, "second");
    let outcome = journal
        .append(std::slice::from_ref(&second), 1)
        .await
        .expect("it follows the first");
    assert_eq!(outcome, appended(2, 2, false));
    let third = commit(&org, 2, "third");
    journal
        .append(std::slice::from_ref(&third), 2)
        .await
        .expect("it follows the second");

    let recorded = |sequence, commit: &model::Commit| Recorded {
        sequence,
        commit: commit.clone(),
    };
    assert_eq!(journal.org_tail(&org).await.expect("the tail can be read"), 3);
    let last = journal
        .last_commit(&org, &object(1))
        .await
        .expect("the object can be read");
    assert_eq!(last, Some(recorded(2, &second)));
    assert_eq!(
        journal
            .last_commit(&org, &object(9))
            .await
            .expect("the object can be looked for"),
        None
    );
    let history = journal
        .history(&org, &object(1))
        .await
        .expect("the history can be read");
    assert_eq!(history, [recorded(1, &first), recorded(2, &second)]);
    assert_eq!(
        journal
            .history(&org, &object(9))
            .await
            .expect("the history can be read"),
        []
    );
    let (page, more) = journal.page(&org, 0, 10).await.expect("the page can be read");
    assert_eq!(
        (page, more),
        (
            vec![recorded(1, &first), recorded(2, &second), recorded(3, &third)],
            false
        )
    );

    let after = journal
        .info(LogName::Events)
        .await
        .expect("the log has information");
    assert_eq!((after.created, after.last_sequence), (before.created, 3));
}

/// A command's commits are appended together, in one piece, or not at all.
pub async fn append_is_all_or_none(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let batch = commits(&org, 0..5, "batch");
    assert_eq!(
        journal.append(&batch, 0).await.expect("nothing was there"),
        appended(1, 5, false)
    );
    let stale = commits(&org, 5..10, "stale");
    let refused = journal.append(&stale, 3).await;
    assert!(
        matches!(refused, Err(AppendError::Conflict { expected: 3 })),
        "{refused:?}"
    );
    assert_eq!(last_sequence(&journal).await, 5);
    assert_eq!(
        journal.append(&stale, 5).await.expect("the batch is the tail"),
        appended(6, 10, false)
    );
    let (page, more) = journal.page(&org, 0, 20).await.expect("the page can be read");
    let read: Vec<_> = page.into_iter().map(|recorded| recorded.commit).collect();
    assert_eq!((read, more), ([batch, stale].concat(), false));
}

/// An append conflicts with whatever was appended to its organization, and with nothing else.
pub async fn conflicts_are_per_organization(journal: Arc<dyn Journal>) {
    // One name is the beginning of the other.
    let (acme, other) = (org("acme"), org("acme2"));
    journal
        .append(&[commit(&acme, 1, "one")], 0)
        .await
        .expect("it is the first of acme");
    journal
        .append(&[commit(&other, 1, "one")], 0)
        .await
        .expect("it is the first of the other");
    journal
        .append(&[commit(&acme, 2, "two")], 1)
        .await
        .expect("the other does not count");
    for expected in [0, 1, 2, 4] {
        let refused = journal.append(&[commit(&acme, 9, "three")], expected).await;
        assert!(
            matches!(refused, Err(AppendError::Conflict { .. })),
            "{expected}: {refused:?}"
        );
    }
    journal
        .append(&[commit(&acme, 9, "three")], 3)
        .await
        .expect("3 is the tail");
    assert_eq!(journal.org_tail(&acme).await.expect("the tail can be read"), 4);
    assert_eq!(journal.org_tail(&other).await.expect("the tail can be read"), 2);
    let (page, _more) = journal.page(&other, 0, 10).await.expect("the page can be read");
    assert_eq!(page.len(), 1);
    assert_eq!(
        journal
            .history(&other, &object(9))
            .await
            .expect("the history can be read"),
        []
    );
}

/// A command that was appended before is not appended again, however it is repeated.
pub async fn repeated_commands_are_recognized(journal: Arc<dyn Journal>) {
    let org = org("acme");
    let (single, batch) = (vec![commit(&org, 1, "single")], commits(&org, 2..5, "batch"));
    journal.append(&single, 0).await.expect("it is the first");
    journal.append(&batch, 1).await.expect("it follows");
    let repeat = async |commits: &[model::Commit], expected: u64| {
        journal
            .append(commits, expected)
            .await
            .expect("a repetition succeeds")
    };
    // The same again, as after an answer that was lost.
    assert_eq!(repeat(&single, 0).await, appended(1, 1, true));
    assert_eq!(repeat(&batch, 1).await, appended(2, 4, true));
    // Others have come since.
    journal
        .append(&[commit(&org, 6, "other")], 4)
        .await
        .expect("it follows");
    assert_eq!(repeat(&single, 0).await, appended(1, 1, true));
    assert_eq!(repeat(&batch, 1).await, appended(2, 4, true));
    // Decided again on the state of now.
    assert_eq!(repeat(&single, 5).await, appended(1, 1, true));
    assert_eq!(repeat(&batch, 5).await, appended(2, 4, true));
    // Decided again, with another outcome.
    assert_eq!(repeat(&batch[..1], 5).await, appended(2, 4, true));
    assert_eq!(last_sequence(&journal).await, 5);
    // The same id of another user is another command.
    let mut others = commit(&org, 1, "single");
    others.meta.actor = "bob".parse().expect("a valid name");
    assert_eq!(
        journal.append(&[others], 5).await.expect("it follows"),
        appended(6, 6, false)
    );
}

/// However many append at once: what succeeds forms one chain in which each knows the one before.
pub async fn appends_to_one_organization_form_one_chain(journal: Arc<dyn Journal>) {
    const N_WRITERS: u64 = 6;
    const N_COMMANDS: u64 = 10;
    let org = org("acme");
    let writers = (0..N_WRITERS).map(|writer| {
        let (journal, org) = (Arc::clone(&journal), org.clone());
        tokio::spawn(async move {
            let mut links = Vec::new();
            for number in 0..N_COMMANDS {
                // Odd ones are batches.
                let width = 1 + 2 * (number % 2);
                let commits = commits(&org, number..number + width, &format!("w{writer}-{number}"));
                loop {
                    let tail = journal.org_tail(&org).await.expect("the tail can be read");
                    match journal.append(&commits, tail).await {
                        Ok(appended) => {
                            links.push((tail, appended));
                            break;
                        }
                        Err(AppendError::Conflict { .. }) => {}
                        Err(AppendError::Journal(error)) => {
                            assert_eq!(error.to_string(), "", "no append fails")
                        }
                    }
                }
            }
            links
        })
    });
    let mut links = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        links.extend(writer.await.expect("no writer panics"));
    }
    links.sort_by_key(|(tail, _appended)| *tail);
    let mut expected_tail = 0;
    for (tail, appended) in links {
        assert_eq!(
            (tail, appended.first, appended.duplicate),
            (expected_tail, expected_tail + 1, false)
        );
        expected_tail = appended.last;
    }
    assert_eq!(expected_tail, N_WRITERS * (N_COMMANDS / 2) * 4);
    assert_eq!(last_sequence(&journal).await, expected_tail);
}

/// A command may make 1,000 commits and no more; what is not one command's is refused; what is too large says so.
pub async fn large_batches_and_bad_ones(journal: Arc<dyn Journal>) {
    let acme = org("acme");
    let refusal = async |commits: &[model::Commit]| match journal.append(commits, 0).await {
        Err(AppendError::Journal(JournalError::Refused { reason, .. })) => reason,
        other => format!("{other:?}"),
    };
    assert!(refusal(&[]).await.contains("no commit"));
    assert!(
        refusal(&commits(&acme, 0..1001, "large"))
            .await
            .contains("(1000)")
    );
    let two_orgs = [commit(&acme, 1, "mixed"), commit(&org("other"), 2, "mixed")];
    assert!(refusal(&two_orgs).await.contains("not of one organization"));
    let two_commands = [commit(&acme, 1, "one"), commit(&acme, 2, "two")];
    assert!(refusal(&two_commands).await.contains("command"));

    let mut heavy = commit(&acme, 1, "heavy");
    let text = Text::try_from("x".repeat(200 * 1024)).expect("a long text");
    let notes = model::MetricNotes {
        applied_to_services: Vec::new(),
        additional_notes: Some(text),
        tags: model::Tags::default(),
    };
    heavy.events = vec![model::Event::MetricUpdated(notes); 6];
    let refused = journal.append(&[heavy.clone()], 0).await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::TooLarge { size, limit, .. })) if size > limit),
        "{refused:?}"
    );
    let mut batch = commits(&acme, 0..3, "heavy");
    batch[1].events = heavy.events;
    let refused = journal.append(&batch, 0).await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::TooLarge { .. }))),
        "{refused:?}"
    );
    assert_eq!(last_sequence(&journal).await, 0);

    let full = commits(&acme, 0..1000, "full");
    assert_eq!(
        journal.append(&full, 0).await.expect("1,000 are allowed"),
        appended(1, 1000, false)
    );
    assert_eq!(
        journal.append(&full, 0).await.expect("it is recognized"),
        appended(1, 1000, true)
    );
    let (page, more) = journal.page(&acme, 0, 1000).await.expect("the page can be read");
    assert!(!more);
    assert_eq!(
        page.into_iter()
            .map(|recorded| recorded.commit)
            .collect::<Vec<_>>(),
        full
    );
}

/// A page has at most as many commits as asked for, says whether there are more, and ends.
pub async fn pages_end(journal: Arc<dyn Journal>) {
    let (acme, other) = (org("acme"), org("other"));
    assert_eq!(
        journal.page(&acme, 0, 10).await.expect("an empty log has a page"),
        (Vec::new(), false)
    );
    for number in 0..4 {
        let tails = (journal.org_tail(&acme).await, journal.org_tail(&other).await);
        let (acme_tail, other_tail) = (tails.0.expect("a tail"), tails.1.expect("a tail"));
        journal
            .append(&[commit(&acme, number, &format!("a{number}"))], acme_tail)
            .await
            .expect("it follows");
        journal
            .append(&[commit(&other, number, &format!("o{number}"))], other_tail)
            .await
            .expect("it follows");
    }
    let page = async |after, limit| {
        let (page, more) = journal
            .page(&acme, after, limit)
            .await
            .expect("the page can be read");
        (
            page.into_iter()
                .map(|recorded| recorded.sequence)
                .collect::<Vec<_>>(),
            more,
        )
    };
    assert_eq!(page(0, 3).await, (vec![1, 3, 5], true));
    assert_eq!(page(5, 3).await, (vec![7], false));
    assert_eq!(page(0, 4).await, (vec![1, 3, 5, 7], false));
    assert_eq!(page(7, 3).await, (vec![], false));
    assert_eq!(page(1000, 3).await, (vec![], false));
    assert_eq!(page(0, 0).await, (vec![], true));
}
