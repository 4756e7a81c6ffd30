use model::{Condition, Role, ScriptAction, ScriptStep, UserOutcome};
use proptest::prelude::*;

use super::*;
use crate::{
    NoModels, UserMove,
    test_support::{scripted, text, turns},
    user::simulated_user,
};

fn say(line: &str) -> ScriptStep {
    ScriptStep {
        when: None,
        action: ScriptAction::Say(text(line)),
    }
}

fn when(condition: Condition, action: ScriptAction) -> ScriptStep {
    ScriptStep {
        when: Some(condition),
        action,
    }
}

fn matches(pattern: &str) -> Condition {
    Condition::Matches(text(pattern))
}

fn cel(expression: &str) -> Condition {
    Condition::Cel(text(expression))
}

fn end(outcome: UserOutcome) -> ScriptAction {
    ScriptAction::End {
        outcome,
        reason: Some(text("enough")),
    }
}

fn repeat(times: u32, until: Option<Condition>, steps: Vec<ScriptStep>) -> ScriptStep {
    ScriptStep {
        when: None,
        action: ScriptAction::Repeat { times, until, steps },
    }
}

async fn next(steps: &[ScriptStep], said: &[(Role, &str)]) -> Result<UserMove, UserError> {
    let briefing = scripted(Script {
        steps: steps.to_vec(),
    });
    let step = simulated_user(&briefing, &NoModels)
        .unwrap()
        .next(&turns(said))
        .await;
    step.map(|step| step.action)
}

fn said(line: &str) -> Result<UserMove, UserError> {
    Ok(UserMove::Say(line.to_owned()))
}

#[tokio::test]
async fn lines_are_said_in_order_and_the_end_is_success() {
    let steps = [
        say("Hi, I am {{ persona.name }} ({{ persona.variables.plan }})."),
        say("You said: {{ agent }}"),
    ];
    assert_eq!(next(&steps, &[]).await, said("Hi, I am Ada (gold)."));
    let once = [(Role::User, "x"), (Role::Agent, "<hello>")];
    assert_eq!(next(&steps, &once).await, said("You said: <hello>"));
    let twice = [once[0], once[1], (Role::User, "y"), (Role::Agent, "bye")];
    let left = Ok(UserMove::Leave {
        outcome: UserOutcome::Achieved,
        reason: None,
        farewell: None,
    });
    assert_eq!(next(&steps, &twice).await, left);
}

#[tokio::test]
async fn conditions_see_the_conversation_as_it_was() {
    let steps = [
        say("one"),
        when(matches("(?i)sorry"), end(UserOutcome::GaveUp)),
        when(
            Condition::NotMatches(text("welcome")),
            ScriptAction::Say(text("two")),
        ),
        when(
            cel("conversation.interactions == 2 && agent.contains('done')"),
            ScriptAction::Steps(vec![say("three")]),
        ),
    ];
    let sorry = [(Role::User, "one"), (Role::Agent, "SORRY, no")];
    let left = UserMove::Leave {
        outcome: UserOutcome::GaveUp,
        reason: Some("enough".to_owned()),
        farewell: None,
    };
    assert_eq!(next(&steps, &sorry).await, Ok(left));
    let fine = [(Role::User, "one"), (Role::Agent, "ok")];
    assert_eq!(next(&steps, &fine).await, said("two"));
    // A later "sorry" does not change what the first condition saw.
    let later = [
        fine[0],
        fine[1],
        (Role::User, "two"),
        (Role::Agent, "sorry, done"),
    ];
    assert_eq!(next(&steps, &later).await, said("three"));
}

#[tokio::test]
async fn loops_end_at_their_bound_or_condition() {
    let steps = [
        repeat(
            3,
            Some(matches("stop")),
            vec![say("again {{ conversation.interactions }}")],
        ),
        say("after"),
    ];
    let mut so_far: Vec<(Role, &str)> = Vec::new();
    for expected in ["again 0", "again 1", "again 2", "after"] {
        assert_eq!(next(&steps, &so_far).await, said(expected));
        so_far.extend([(Role::User, "x"), (Role::Agent, "go on")]);
    }
    let stopped = [(Role::User, "x"), (Role::Agent, "stop")];
    assert_eq!(next(&steps, &stopped).await, said("after"));
}

#[tokio::test]
async fn what_goes_wrong_names_the_step() {
    let nested = [say("a"), repeat(2, None, vec![say("{{ persona.age }}")])];
    let error = next(&nested, &[(Role::User, "a"), (Role::Agent, "b")])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("script of scenario `booking`, steps[1].repeat.steps[0].say: undefined"),
        "{error}"
    );
    let error = next(&[when(cel("agent"), end(UserOutcome::Achieved))], &[])
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "script of scenario `booking`, steps[0].when.cel: is a text, not true or false"
    );
    let error = next(&[say("{% if false %}x{% endif %}")], &[])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("steps[0].say: came out empty; a user has to say something"),
        "{error}"
    );
    let silent = vec![when(matches("never"), ScriptAction::Say(text("x")))];
    let endless = [repeat(1000, None, vec![repeat(1000, None, silent)])];
    assert!(matches!(
        next(&endless, &[]).await,
        Err(UserError::Endless { .. })
    ));
    let error = next(
        &[say("a")],
        &[
            (Role::User, "a"),
            (Role::Agent, "b"),
            (Role::User, "c"),
            (Role::Agent, "d"),
        ],
    )
    .await;
    assert!(matches!(
        error,
        Err(UserError::Diverged {
            scripted: 1,
            said: 2,
            ..
        })
    ));
}

#[test]
fn without_a_script_nobody_plays_the_user() {
    let error = simulated_user(&crate::test_support::briefing(), &NoModels)
        .err()
        .unwrap();
    assert!(error.to_string().contains("add a `script`"), "{error}");
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        Just(matches("[ab]")),
        Just(Condition::NotMatches(text("b"))),
        Just(cel("conversation.interactions < 3")),
        Just(cel("conversation.turns.exists(t, t.text == 'c') || agent == 'a'")),
    ]
}

fn any_step() -> impl Strategy<Value = ScriptStep> {
    let leaf =
        (proptest::option::weighted(0.5, any_condition()), 0..5_u8).prop_map(|(when, kind)| ScriptStep {
            when,
            action: if kind == 0 {
                end(UserOutcome::GaveUp)
            } else {
                ScriptAction::Say(text("{{ conversation.interactions }} after {{ agent }}"))
            },
        });
    leaf.prop_recursive(3, 12, 4, |inner| {
        let steps = proptest::collection::vec(inner, 1..4);
        (
            proptest::option::weighted(0.3, any_condition()),
            proptest::option::of(any_condition()),
            1..4_u32,
            steps,
        )
            .prop_map(|(when, until, times, steps)| ScriptStep {
                when,
                action: ScriptAction::Repeat { times, until, steps },
            })
    })
}

/// Holds a conversation with `replies`, asking one user for every move, or a new user for each.
fn hold(script: &Script, replies: &[String], resume: bool) -> Vec<String> {
    let briefing = scripted(script.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut user = simulated_user(&briefing, &NoModels).unwrap();
        let (mut said, mut moves) = (Vec::new(), Vec::new());
        for reply in replies {
            if resume {
                user = simulated_user(&briefing, &NoModels).unwrap();
            }
            let made = user.next(&turns(&said)).await.map(|step| step.action);
            moves.push(format!("{made:?}"));
            if !matches!(made, Ok(UserMove::Say(_))) {
                break;
            }
            // The text of what was said before is not looked at: the walk consumes the turn.
            said.extend([(Role::User, "said"), (Role::Agent, reply.as_str())]);
        }
        moves
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_resumed_user_makes_the_same_moves(
        steps in proptest::collection::vec(any_step(), 1..5),
        replies in proptest::collection::vec("[abc]", 1..8),
    ) {
        let script = Script { steps };
        prop_assert_eq!(hold(&script, &replies, false), hold(&script, &replies, true));
    }

    #[test]
    fn a_move_depends_on_nothing_that_comes_later(
        steps in proptest::collection::vec(any_step(), 1..5),
        replies in proptest::collection::vec("[abc]", 2..8),
        other in "[abc]",
    ) {
        let script = Script { steps };
        let moves = hold(&script, &replies, false);
        let mut changed = replies.clone();
        changed.pop();
        changed.push(other);
        let again = hold(&script, &changed, false);
        let common = replies.len().min(moves.len());
        prop_assert_eq!(&moves[..common], &again[..common.min(again.len())]);
    }
}
