//! Measuring finished conversations on demand.

use api::{
    error::{ErrorCode, Problem},
    metric_result::{Evaluate, Evaluated, EvaluatedMetric},
    read::read,
    shape,
};
use journal::subject::manifest_object;
use model::{
    Command, ConversationKey, ConversationResult, Digest, Directory as _, EndReason, Evaluation, Judge, Kind,
    Manifest, MeasuredValue, MetricContent, MetricId, ModelJudge, Models, Name, Named, Object, ObjectRef,
    Oid, Role, Turn, interaction_id, interaction_indices, message_id,
};
use projections::{ConversationItem, OrgView};
use serde_json::Value;
use simulation::Briefing;

use super::answer;
use crate::gateway::{Answer, Caller, Gateway, Metadata, conversation, failure, internal, not_found, render};

/// A metric in its latest version.
type Latest = (MetricId, u32, Named<MetricContent>);

/// What is to be judged by what.
struct Asked {
    conversation: ConversationItem,
    metrics: Vec<Latest>,
    manifest: Digest,
}

/// Measures a conversation, and keeps the values.
pub(super) async fn evaluate(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<Evaluate>(body)?;
    gateway.catch_up().await?;
    let (id, metric_ids) = (request.conversation_id, request.metric_ids);
    let models = gateway.judges.models().clone();
    let asked = gateway
        .look(&caller.org, move |view| find(view, id, &metric_ids, &models))
        .await?;
    let result = conversation::read(gateway, &caller.org, &asked.conversation).await?;
    let (turns, end) = up_to(&result, request.evaluate_to_interaction_id)?;
    let key = ConversationKey {
        org: caller.org.clone(),
        run: result.run,
        n: result.n,
    };
    let manifest = manifest(gateway, asked.manifest).await?;
    let briefing = Briefing::from_manifest(&manifest, &key, result.attempts, result.started_at);
    let briefing = Briefing {
        metrics: asked.metrics,
        ..briefing.map_err(|lacking| internal(&lacking))?
    };
    let found = gateway.judges.judge(briefing, turns, end).await?;
    let measured: Vec<MeasuredValue> = found
        .into_iter()
        .map(|evaluation| measured(&result, request.evaluate_to_interaction_id, evaluation))
        .collect();
    let metrics = measured.iter().map(evaluated).collect();
    let done = gateway
        .run(caller, metadata, Command::RecordEvaluations(measured))
        .await?;
    answer(&done, render(&Evaluated { metrics })?)
}

fn find(view: &OrgView<'_>, id: Oid, metric_ids: &[MetricId], models: &Models) -> Result<Asked, Problem> {
    let conversation = conversation::find(view, id)?;
    let mut metrics = Vec::with_capacity(metric_ids.len());
    for metric in metric_ids {
        metrics.push(latest(view, *metric, models)?);
    }
    let run = ObjectRef::new(Kind::Run, conversation.run);
    let Some(Object::Run(state)) = view.object(&run).map_err(|error| failure::of_read(&error))? else {
        return Err(not_found(&run));
    };
    Ok(Asked {
        conversation,
        metrics,
        manifest: state.manifest,
    })
}

/// A metric that can judge here, in its latest version.
fn latest(view: &OrgView<'_>, id: MetricId, models: &Models) -> Result<Latest, Problem> {
    let object = ObjectRef::new(Kind::Metric, id);
    let found = view.object(&object).map_err(|error| failure::of_read(&error))?;
    let Some(Object::Metric(metric)) = found.filter(|found| !found.life().is_deleted()) else {
        return Err(not_found(&object));
    };
    if let Judge::Model(judge) = &metric.latest.judge {
        require_judges(&metric.name, judge, models)?;
    }
    let named = Named {
        name: metric.name,
        role: None,
        content: metric.latest,
    };
    Ok((id, metric.latest_version, named))
}

/// Refuses a metric whose judges are not among the installation's language models.
fn require_judges(metric: &Name, judge: &ModelJudge, models: &Models) -> Result<(), Problem> {
    let refuse = |reason: String| {
        let detail = format!("the metric `{metric}` is judged by a language model, and {reason}");
        Err(Problem::new(ErrorCode::NotRunnable, detail))
    };
    if judge.models.is_empty() && models.judge.is_none() {
        return refuse(
            "none is configured to judge; give the metric another judge in a new version, such as `contains`, `regex` or `cel`"
                .to_owned(),
        );
    }
    match judge
        .models
        .iter()
        .find(|name| !models.definitions.contains_key(*name))
    {
        Some(missing) => refuse(format!("`{missing}` is not configured")),
        None => Ok(()),
    }
}

/// What was said up to and with an interaction, and how the conversation stands then; none: all of it.
fn up_to(
    conversation: &ConversationResult,
    last_interaction: Option<Oid>,
) -> Result<(Vec<Turn>, EndReason), Problem> {
    let turns = &conversation.turns;
    let n_turns = match last_interaction {
        None => turns.len(),
        Some(wanted) => {
            let is_wanted = |index: &u32| interaction_id(conversation.run, conversation.n, *index) == wanted;
            let last = interaction_indices(turns).iter().rposition(is_wanted);
            let last = last.ok_or_else(|| {
                let detail = format!("the conversation has no interaction `{wanted}`");
                Problem::new(ErrorCode::NotFound, detail)
            })?;
            last.saturating_add(1)
        }
    };
    let (looked_at, left_out) = turns.split_at(n_turns);
    if !looked_at.iter().any(|turn| turn.role == Role::Agent) {
        let detail = "there is nothing to measure: the agent has not replied";
        return Err(Problem::new(ErrorCode::NoInteractions, detail));
    }
    let end = if left_out.is_empty() {
        conversation.end.clone()
    } else {
        // How it ended came later. It stands like one that may not go on.
        EndReason::MaxInteractions
    };
    Ok((looked_at.to_vec(), end))
}

async fn manifest(gateway: &Gateway, digest: Digest) -> Result<Manifest, Problem> {
    let read = gateway.journal().object(&manifest_object(digest)).await;
    let bytes = read.map_err(|error| failure::of_journal(&error))?;
    let bytes = bytes.ok_or_else(|| {
        let detail = "the manifest of the conversation's run is no longer in the object store";
        Problem::new(ErrorCode::NotFound, detail)
    })?;
    Manifest::open(digest, &bytes).map_err(|invalid| internal(&invalid))
}

/// What is kept. A judge that failed gave no value, and why stands in the place of its reasons.
fn measured(
    conversation: &ConversationResult,
    evaluate_to: Option<Oid>,
    evaluation: Evaluation,
) -> MeasuredValue {
    let (run, n) = (conversation.run, conversation.n);
    let references = evaluation.references.iter();
    MeasuredValue {
        run,
        n,
        metric_id: evaluation.metric_id,
        metric_version: evaluation.metric_version,
        value: evaluation.value,
        references: references.map(|turn| message_id(run, n, *turn)).collect(),
        justification: evaluation.error.unwrap_or(evaluation.justification),
        evaluate_to,
    }
}

fn evaluated(measured: &MeasuredValue) -> EvaluatedMetric {
    EvaluatedMetric {
        metric_id: measured.metric_id,
        value: shape::result(measured.value.as_ref()),
        references: measured.references.clone(),
        justification: measured.justification.clone(),
    }
}
