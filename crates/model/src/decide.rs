//! Decisions: what a command does to an organization's state, or why it does not.
//!
//! Pure: the same state, command and context always give the same decision.

mod account;
mod agent;
mod evaluation;
mod metric;
mod persona;
mod role;
mod run;
mod scenario;
mod service;
mod staged;
mod suite;
#[cfg(test)]
mod tests;
mod unit_test;
mod webhook;

use std::collections::BTreeMap;

pub use run::{DETERMINISTIC, SCRIPTED};
use staged::Staged;

use crate::{
    Command, CommandId, Commit, DecideError, Digest, Directory, Kind, LanguageModel, Name, ObjectRef, Oid,
    Precondition, Price, Rejection, StateTag, SuiteChange, Time, UserId,
};

/// What a decision needs besides state and command.
#[derive(Clone, Debug)]
pub struct Context {
    /// The time.
    pub now: Time,
    /// Who asks.
    pub actor: UserId,
    /// Names the command.
    pub command_id: CommandId,
    /// The caller's trace.
    pub traceparent: Option<String>,
    /// What new ids and seeds follow from: 32 unpredictable bytes, fresh for every command.
    pub entropy: [u8; 32],
    /// What runs can use here.
    pub capabilities: Capabilities,
    /// What the caller knows of an object; the command is refused if it is not so.
    pub precondition: Option<Precondition>,
}

/// What runs can use on this installation.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    /// The build, for manifests.
    pub build: String,
    /// The language models.
    pub models: Models,
}

/// The language models of an installation, and who does what in runs that do not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Models {
    /// All of them, by the names that the configuration gives them.
    pub definitions: BTreeMap<Name, LanguageModel>,
    /// Plays users whose scenario has no script; none: a run has to say.
    pub simulator: Option<Name>,
    /// Judges metrics that name no model; none: a run has to say.
    pub judge: Option<Name>,
    /// Checks simulated users in runs that want it; none: the one that plays them.
    pub guard: Option<Name>,
    /// How often a conversation is begun again because the simulated user broke its part.
    pub max_reruns: u32,
    /// What models cost by which agents answer, by the names that their connections give.
    pub agent_prices: BTreeMap<String, Price>,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What to append, together. Empty: everything is as the command asks already.
    pub commits: Vec<Commit>,
    /// What to tell the caller.
    pub outcome: Outcome,
    /// A sealed manifest that must be stored before the commits are appended.
    pub manifest: Option<(Digest, Vec<u8>)>,
    /// The state of the one object that the command is about, after it. None for runs, whose state is large and seldom asked for,
    /// and for commands about several objects.
    pub state: Option<StateTag>,
}

/// What a command did, for its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The objects that it is about, in order, each with the version it made (0 if none).
    pub changes: Vec<(ObjectRef, u32)>,
    /// For a suite: what was done to each of its objects, in the suite's order.
    pub suite: Option<Vec<SuiteChange>>,
}

impl Command {
    /// Identifies the command's content, so that a command id that comes back with another command is noticed.
    pub fn digest(&self) -> Digest {
        // Commands are plain data without maps of non-string keys, so writing them cannot fail.
        Digest::of(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

/// Decides `command` on the state that `directory` shows.
pub fn decide(
    directory: &dyn Directory,
    command: &Command,
    context: &Context,
) -> Result<Decision, DecideError> {
    if let Some(Precondition { object, known }) = &context.precondition {
        let found = directory.object(object)?;
        if !known.holds(found.as_ref()) {
            return Err(Rejection::Changed {
                object: object.clone(),
            }
            .into());
        }
    }
    let mut staged = Staged::new(directory, context, command.digest());
    let mut suite = None;
    let mut manifest = None;
    let change = match command {
        Command::CreateOrganization(profile) => account::create_organization(&mut staged, profile)?,
        Command::UpdateOrganization(profile) => account::update_organization(&mut staged, profile)?,
        Command::CreateUser { id, name, role } => account::create_user(&mut staged, id, name, role)?,
        Command::DeleteUser { id } => account::delete_user(&mut staged, id)?,
        Command::AssignRole { role, user_id } => role::assign(&mut staged, role, user_id)?,
        Command::CreateApiKey {
            id,
            user_id,
            name,
            secret_hash,
            lifetime_ms,
            role,
        } => account::create_api_key(
            &mut staged,
            *id,
            account::NewKey {
                user_id,
                name,
                secret_hash: *secret_hash,
                lifetime_ms: *lifetime_ms,
                role: role.as_ref(),
            },
        )?,
        Command::DeleteApiKey { id } => account::delete_api_key(&mut staged, *id)?,
        Command::CreatePersona {
            name,
            role,
            tags,
            content,
        } => persona::create(&mut staged, name, role, tags, content)?,
        Command::UpdatePersona { id, tags } => persona::update(&mut staged, *id, tags.as_ref())?,
        Command::CreatePersonaVersion {
            id,
            content,
            expected,
        } => persona::create_version(&mut staged, *id, content, *expected)?,
        Command::DeletePersona { id } => persona::delete(&mut staged, *id)?,
        Command::CreateScenario { name, tags, content } => {
            scenario::create(&mut staged, name, tags, content)?
        }
        Command::UpdateScenario { id, tags } => scenario::update(&mut staged, *id, tags.as_ref())?,
        Command::CreateScenarioVersion {
            id,
            content,
            expected,
        } => scenario::create_version(&mut staged, *id, content, *expected)?,
        Command::DeleteScenario { id } => scenario::delete(&mut staged, *id)?,
        Command::CreateMetric {
            name,
            applied_to_services,
            additional_notes,
            tags,
            content,
        } => {
            let notes = crate::MetricNotes {
                applied_to_services: applied_to_services.clone(),
                additional_notes: additional_notes.clone(),
                tags: tags.clone(),
            };
            metric::create(&mut staged, name, notes, content)?
        }
        Command::UpdateMetric {
            id,
            applied_to_services,
            additional_notes,
            tags,
        } => metric::update(
            &mut staged,
            *id,
            applied_to_services.as_ref(),
            additional_notes.as_ref(),
            tags.as_ref(),
        )?,
        Command::CreateMetricVersion {
            id,
            content,
            expected,
        } => metric::create_version(&mut staged, *id, content, *expected)?,
        Command::DeleteMetric { id } => metric::delete(&mut staged, *id)?,
        Command::CreateAgent { name } => agent::create_agent(&mut staged, name)?,
        Command::CreateAgentVersion {
            id,
            content,
            expected,
        } => agent::change_agent(&mut staged, *id, content, *expected)?,
        Command::DeleteAgent { id } => agent::delete_agent(&mut staged, *id)?,
        Command::CreateContextGraph { name } => agent::create_context_graph(&mut staged, name)?,
        Command::CreateContextGraphVersion {
            id,
            content,
            expected,
        } => agent::create_context_graph_version(&mut staged, *id, content, *expected)?,
        Command::DeleteContextGraph { id } => agent::delete_context_graph(&mut staged, *id)?,
        Command::CreateService { profile, release } => {
            service::create(&mut staged, profile, release.as_ref())?
        }
        Command::UpdateService { id, change } => service::update(&mut staged, *id, change, [])?,
        Command::PutVersionSet {
            id,
            name,
            version_set,
        } => service::put_version_set(&mut staged, *id, name, version_set)?,
        Command::DeleteVersionSet { id, name } => service::delete_version_set(&mut staged, *id, name)?,
        Command::CreateUnitTest { name, definition } => unit_test::create(&mut staged, name, definition)?,
        Command::UpdateUnitTest { id, change } => unit_test::update(&mut staged, *id, change)?,
        Command::DeleteUnitTest { id } => unit_test::delete(&mut staged, *id)?,
        Command::CreateUnitTestSet(definition) => unit_test::create_set(&mut staged, definition)?,
        Command::UpdateUnitTestSet { id, change } => unit_test::update_set(&mut staged, *id, change)?,
        Command::DeleteUnitTestSet { id } => unit_test::delete_set(&mut staged, *id)?,
        Command::StartRun {
            set_id,
            options,
            entries,
            rerun_of,
        } => {
            let (change, sealed) = run::start(&mut staged, *set_id, options, entries.as_deref(), *rerun_of)?;
            manifest = Some(sealed);
            change
        }
        Command::CancelRun { id, reason } => run::cancel(&mut staged, *id, *reason)?,
        Command::CompleteRun { id, tally, artifact } => run::complete(&mut staged, *id, tally, *artifact)?,
        Command::CreateRole { definition } => role::create(&mut staged, definition)?,
        Command::ModifyRole {
            name,
            description,
            grants,
            frontend_view,
        } => role::modify(
            &mut staged,
            name,
            description.as_ref(),
            grants.as_ref(),
            *frontend_view,
        )?,
        Command::CreateTemporaryGrant {
            user_id,
            lifetime_ms,
            grant,
            justification,
            tags,
        } => role::create_temporary_grant(&mut staged, user_id, *lifetime_ms, grant, justification, tags)?,
        Command::CreateWebhookDestination {
            url,
            accepted_types,
            retry_attempts,
        } => webhook::create(&mut staged, url, accepted_types, *retry_attempts)?,
        Command::UpdateWebhookDestination {
            id,
            accepted_types,
            retry_attempts,
        } => webhook::update(&mut staged, *id, accepted_types.as_ref(), *retry_attempts)?,
        Command::RotateWebhookSecret { id } => webhook::rotate_secret(&mut staged, *id)?,
        Command::DeleteWebhookDestination { id } => webhook::delete(&mut staged, *id)?,
        Command::RecordEvaluations(measured) => {
            let changes = evaluation::record(&mut staged, measured)?;
            return Ok(Decision {
                commits: staged.into_commits(),
                outcome: Outcome { changes, suite },
                manifest,
                state: None,
            });
        }
        Command::ApplySuite(wanted) => {
            let (changes, differences) = suite::apply(&mut staged, wanted)?;
            suite = Some(differences);
            let commits = staged.into_commits();
            return Ok(Decision {
                commits,
                outcome: Outcome { changes, suite },
                manifest,
                state: None,
            });
        }
    };
    let state = if change.0.kind == Kind::Run {
        None
    } else {
        staged.object(&change.0)?.as_ref().map(StateTag::of)
    };
    let outcome = Outcome {
        changes: vec![change],
        suite,
    };
    Ok(Decision {
        commits: staged.into_commits(),
        outcome,
        manifest,
        state,
    })
}

/// New ids: four bytes of time, eight that follow from the command's entropy.
#[derive(Debug)]
struct Ids<'a> {
    context: &'a Context,
    n_made: u32,
}

impl Ids<'_> {
    fn next(&mut self) -> Oid {
        self.n_made += 1;
        let random = Digest::of_parts(&[b"id", &self.context.entropy, &self.n_made.to_be_bytes()]);
        let seconds = u32::try_from(self.context.now.as_micros().div_euclid(1_000_000)).unwrap_or(0);
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..].copy_from_slice(&random.as_bytes()[..8]);
        Oid::from_bytes(bytes)
    }

    fn seed(&self) -> u64 {
        let random = Digest::of_parts(&[b"seed", &self.context.entropy]);
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&random.as_bytes()[..8]);
        // JSON numbers are exact up to 2^53 in most readers.
        u64::from_be_bytes(bytes) >> 11
    }
}
