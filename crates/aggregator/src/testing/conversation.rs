//! What was said in a sample conversation, and what was made of it.

use model::{CriterionOutcome, Evaluation, MetricValue, PlannedTest, Role, ToolCall, Turn, Usage};

use super::{Ending, SECRET, json, time};

pub(super) fn turns(n: u32, ending: Ending) -> Vec<Turn> {
    let mut said = vec![
        (
            Role::User,
            "Hello, I need an appointment next week, please.".to_owned(),
        ),
        (
            Role::Agent,
            "Of course. May I have your social security number to find your file?".to_owned(),
        ),
        (Role::User, format!("It is {SECRET}.")),
        (
            Role::Agent,
            "Thank you, Maria. I can offer Tuesday at 10:40 or Thursday at 15:00.\nWhich one suits you?"
                .to_owned(),
        ),
    ];
    match ending {
        Ending::Passes | Ending::JudgeBreaks => {
            said.push((Role::User, "Tuesday is good.".to_owned()));
            said.push((Role::Agent, "You are booked for Tuesday, 10:40.".to_owned()));
        }
        Ending::MissesCriteria | Ending::ReachesCap => {
            said.push((Role::User, "Thursday, please.".to_owned()));
            said.push((
                Role::Agent,
                "Which day would you like? I can offer Tuesday at 10:40.".to_owned(),
            ));
            said.push((Role::User, "I said Thursday!".to_owned()));
        }
        Ending::UserBreaks => said.truncate(2),
        Ending::AgentBreaks => said.truncate(1),
    }
    let turns = (0..).zip(said).map(|(index, (role, text))| {
        let is_agent = role == Role::Agent;
        let tool_calls = if index == 3 {
            vec![ToolCall {
                name: "find_slots".to_owned(),
                arguments: json(&format!("{{\n  \"ssn\": \"{SECRET}\",\n  \"week\": 3\n}}")),
                result: Some(json(
                    r#"[{"day":"Tuesday","at":"10:40"},{"day":"Thursday","at":"15:00"}]"#,
                )),
            }]
        } else {
            Vec::new()
        };
        Turn {
            index,
            role,
            text,
            at: time(u64::from(n) * 1_500 + u64::from(index) * 900),
            latency_ms: is_agent.then_some(400 + u64::from(n * 37 % 900) + u64::from(index) * 60),
            tool_calls,
            usage: is_agent.then_some(Usage::of_tokens(300, 40)),
            completed: false,
            calls: if is_agent { 1 + u32::from(n % 5 == 4) } else { 0 },
            repeated: is_agent && n % 7 == 3 && index == 1,
            note: None,
            violations: Vec::new(),
            session: None,
        }
    });
    turns.collect()
}

pub(super) fn judged(test: &PlannedTest, n: u32, ending: Ending) -> (Vec<Evaluation>, Vec<CriterionOutcome>) {
    let missed = ending == Ending::MissesCriteria;
    let values = [
        (
            Some(MetricValue::Boolean(!missed)),
            "A slot was confirmed in the last message.",
            vec![3, 5],
        ),
        (
            Some(MetricValue::Numerical(if missed { 0.55 } else { 0.9 })),
            "It ignored the patient's answer and asked again.",
            vec![5],
        ),
        (
            if n.is_multiple_of(2) || !missed {
                Some(MetricValue::Categorical("booked".to_owned()))
            } else {
                None
            },
            "",
            vec![],
        ),
        (
            Some(MetricValue::Numerical(900.0)),
            "The 95th percentile of 3 replies.",
            vec![],
        ),
    ];
    let evaluations: Vec<_> = test
        .criteria
        .iter()
        .zip(values)
        .map(|(criterion, (value, justification, references))| Evaluation {
            metric_id: criterion.metric_id,
            metric_version: criterion.metric_version,
            value,
            justification: justification.to_owned(),
            references,
            error: None,
            votes: Vec::new(),
            usage: None,
        })
        .collect();
    let mut evaluations = evaluations;
    if ending == Ending::JudgeBreaks {
        evaluations[1].value = None;
        evaluations[1].error = Some("the judge answered with something that is not JSON, 3 times".to_owned());
    }
    let capped = ending == Ending::ReachesCap;
    let is_judged = !matches!(ending, Ending::AgentBreaks | Ending::UserBreaks);
    let criteria =
        (0..)
            .zip(&test.criteria)
            .zip(&evaluations)
            .map(|((evaluation_idx, planned), evaluation)| CriterionOutcome {
                name: planned.name.clone(),
                evaluation_idx,
                criterion: planned.criterion.clone(),
                passed: is_judged && !capped && planned.criterion.passes(evaluation.value.as_ref()),
            });
    let criteria = criteria.collect();
    (evaluations, criteria)
}
