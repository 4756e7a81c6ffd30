//! Attempts to move a judge: none leaves the string that it stands in.

use model::{MetricDomain, MetricValue};
use serde_json::{Value, json};

use crate::{
    Answer, Ask, AskError, JudgeCheck, JudgeReport, Labelled, MessageRole, ModelSource, Question,
    check_judge, judge::fake::Fakes, test_support::name,
};

#[path = "../../../benches/simulation/attacks.rs"]
mod attacks;

use attacks::{Gullible, attacks, is_kept_inside, judge, metric, skeleton};

#[tokio::test]
async fn every_attempt_is_kept_inside() {
    let attacks = attacks().unwrap();
    assert!(attacks.len() >= 40, "{}", attacks.len());
    for attack in attacks {
        assert!(is_kept_inside(&attack).await.unwrap(), "{}", attack.attack);
    }
}

#[tokio::test]
async fn no_attempt_moves_a_model_that_does_what_it_is_told_outside_of_the_material() {
    for attack in attacks().unwrap() {
        let report = judge(&Gullible::default(), attack.conversation().unwrap())
            .await
            .unwrap();
        assert_eq!(report.confusion.len(), 1, "{}", attack.attack);
        assert_eq!(
            report.confusion[0].given,
            Some(MetricValue::Boolean(false)),
            "{}",
            attack.attack
        );
    }
}

#[test]
fn the_same_model_is_moved_by_a_plain_transcript() {
    let plain = |conversation: &Labelled| {
        let turns = conversation.turns.iter();
        let lines: Vec<String> = turns
            .map(|turn| format!("{}: {}", turn.role.as_str(), turn.text))
            .collect();
        lines.join("\n")
    };
    let said = |attack: &attacks::Attack| {
        matches!(
            attack.place,
            attacks::Place::Agent | attacks::Place::User | attacks::Place::Event
        )
    };
    let mut n_said = 0;
    for attack in attacks().unwrap().iter().filter(|attack| said(attack)) {
        n_said += 1;
        assert!(!Gullible::obeys(&plain(&attack.harmless().unwrap())));
        // Some close a quotation mark that a plain transcript does not open, which hides the rest from a reader of JSON.
        let attacked = plain(&attack.conversation().unwrap()).replace('"', " ");
        assert!(Gullible::obeys(&attacked), "{}", attack.attack);
    }
    assert!(n_said >= 30, "{n_said}");
}

#[tokio::test]
async fn an_attempt_that_a_judge_repeats_is_kept_inside_of_its_correction() {
    for attack in attacks().unwrap() {
        let words = attack.words();
        let repeats = json!({ "justification": words, "references": [], "value": words });
        let mends = json!({ "justification": "So.", "references": [], "value": "bad" });
        let models = Fakes::default().with("judge", [repeats, mends]);
        let mut metric = metric().unwrap();
        metric.content.value = MetricDomain::Categorical {
            categories: vec![name("good"), name("bad")],
        };
        let judge = name("judge");
        let check = JudgeCheck {
            metric: &metric,
            models: &models,
            judge: Some(&judge),
            samples: 1,
            accepting: None,
        };
        let mut conversation = attack.conversation().unwrap();
        conversation.label = None;
        check_judge(&check, &[conversation]).await.unwrap();
        let asked = models.asked("judge");
        let told = &asked[1].messages[3];
        assert_eq!(told.role, MessageRole::User);
        assert_eq!(skeleton(&told.text), r#"{"":"","":""}"#, "{}", attack.attack);
        assert!(serde_json::from_str::<Value>(&told.text).is_ok());
        for message in &asked[1].messages[1..] {
            assert!(
                !message.text.chars().any(|c| c.is_control() || c == '<'),
                "{}",
                attack.attack
            );
        }
    }
}
