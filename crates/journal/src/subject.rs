//! Subjects: built and parsed here and nowhere else.
//!
//! Every token is a [`Token`] or a number, so nothing that people choose freely (names, text) enters a subject.

use model::{
    AgentId, ConversationKey, Digest, Kind, ObjectRef, Oid, OrgId, RunId, Token, WebhookDestinationId,
};

/// Every subject of the events stream.
pub const ALL_EVENTS: &str = "evt.>";
/// Every subject of the results stream.
pub const ALL_RESULTS: &str = "res.>";
/// Every subject of the turns stream.
pub const ALL_TURNS: &str = "turn.>";
/// Every job that may be taken.
pub const ALL_JOBS: &str = "job.>";
/// Every job that waits to be tried again.
pub const ALL_RETRIES: &str = "retry.>";
/// Every dead letter.
pub const ALL_DEAD_LETTERS: &str = "dlq.>";
/// Every webhook delivery.
pub const ALL_DELIVERIES: &str = "dlv.*.*.*";
/// Every lead.
pub const ALL_LEADS: &str = "lead.*";
/// Every cancel notice.
pub const ALL_CONTROL: &str = "ctl.*.*";

/// Commits on one object.
pub fn event(org: &OrgId, object: &ObjectRef) -> String {
    format!("evt.{org}.{}.{}", object.kind, object.key)
}

/// Commits of one organization: the consistency boundary of every append.
pub fn org_events(org: &OrgId) -> String {
    format!("evt.{org}.>")
}

/// Commits on objects of one kind, of every organization.
pub fn kind_events(kind: Kind) -> String {
    format!("evt.*.{kind}.*")
}

/// The organization and object of a commit's subject.
pub fn parse_event(subject: &str) -> Option<(OrgId, ObjectRef)> {
    let [org, kind, key] = tokens(subject, "evt.")?;
    Some((
        org.parse().ok()?,
        ObjectRef {
            kind: kind.parse::<Kind>().ok()?,
            key: key.parse().ok()?,
        },
    ))
}

macro_rules! conversation_subjects {
    ($($(#[$doc:meta])* $name:ident / $of_run:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        pub fn $name(key: &ConversationKey) -> String {
            format!(concat!($prefix, ".{}.{}.{}"), key.org, key.run, key.n)
        }

        $(#[$doc])*
        /// All of one run.
        pub fn $of_run(org: &OrgId, run: RunId) -> String {
            format!(concat!($prefix, ".{}.{}.*"), org, run)
        }
    )+};
}

conversation_subjects! {
    /// The result of a conversation.
    result / run_results = "res";
    /// The journal of a running conversation.
    turns / run_turns = "turn";
    /// A job to be taken.
    job / run_jobs = "job";
    /// A job that waits to be tried again.
    retry / run_retries = "retry";
    /// A job that was given up.
    dead_letter / run_dead_letters = "dlq";
}

/// The conversation of a `res.`, `turn.`, `job.`, `retry.` or `dlq.` subject.
pub fn parse_conversation(subject: &str) -> Option<ConversationKey> {
    let (_prefix, rest) = subject.split_once('.')?;
    let [org, run, n] = tokens(rest, "")?;
    Some(ConversationKey {
        org: org.parse().ok()?,
        run: run.parse().ok()?,
        n: n.parse().ok()?,
    })
}

/// Progress of a run.
pub fn live(org: &OrgId, run: RunId) -> String {
    format!("live.{org}.{run}")
}

/// Progress of every run of an organization.
pub fn org_live(org: &OrgId) -> String {
    format!("live.{org}.*")
}

/// Cancel notices of a run.
pub fn control(org: &OrgId, run: RunId) -> String {
    format!("ctl.{org}.{run}")
}

/// The organization and run of a `live.` or `ctl.` subject.
pub fn parse_run(subject: &str) -> Option<(OrgId, RunId)> {
    let (_prefix, rest) = subject.split_once('.')?;
    let [org, run] = tokens(rest, "")?;
    Some((org.parse().ok()?, run.parse().ok()?))
}

/// Everything of a run in the queue: jobs to be taken and jobs that wait to be tried again.
pub fn run_queue(org: &OrgId, run: RunId) -> String {
    format!("*.{org}.{run}.*")
}

/// One webhook delivery.
pub fn delivery(org: &OrgId, destination: WebhookDestinationId, id: Oid) -> String {
    format!("dlv.{org}.{destination}.{id}")
}

/// Every delivery to one webhook destination.
pub fn destination_deliveries(org: &OrgId, destination: WebhookDestinationId) -> String {
    format!("dlv.{org}.{destination}.*")
}

/// Who leads under a name.
pub fn lead(name: &Token) -> String {
    format!("lead.{name}")
}

/// Where an agent waits for requests.
pub fn agent(org: &OrgId, agent: AgentId) -> String {
    format!("agt.{org}.{agent}")
}

/// The organization and agent of an `agt.` subject.
pub fn parse_agent(subject: &str) -> Option<(OrgId, AgentId)> {
    let [org, agent] = tokens(subject, "agt.")?;
    Some((org.parse().ok()?, agent.parse().ok()?))
}

/// The name under which a sealed manifest is kept in the object store.
pub fn manifest_object(digest: Digest) -> String {
    format!("manifest/{digest}")
}

/// The name under which an artifact is kept in the object store.
pub fn artifact_object(run: RunId, digest: Digest) -> String {
    format!("artifact/{run}/{digest}")
}

/// The name under which a sealed recording is kept in the object store. The organization is part of it, so that knowing the digest of
/// another's recording opens nothing.
pub fn recording_object(org: &OrgId, digest: Digest) -> String {
    format!("recording/{org}/{digest}")
}

fn tokens<'a, const N: usize>(subject: &'a str, prefix: &str) -> Option<[&'a str; N]> {
    let rest = subject.strip_prefix(prefix)?;
    let parts: Vec<&str> = rest.split('.').collect();
    parts.try_into().ok()
}
