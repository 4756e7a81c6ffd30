//! The registry of stored types: ids are given once and never reused.

/// One stored type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeEntry {
    /// Its id, for ever.
    pub id: u16,
    /// Its name; an event's is [`crate::Event::name`].
    pub name: &'static str,
    /// The version that this build writes. It reads all versions from 1 to this.
    pub version: u8,
}

const fn entry(id: u16, name: &'static str, version: u8) -> TypeEntry {
    TypeEntry { id, name, version }
}

/// The type ids that [`super::encode_commit`] and its siblings write.
pub(super) const COMMIT_HEAD: TypeEntry = entry(1, "commit.head", 1);
pub(super) const RESULT: TypeEntry = entry(2, "conversation.result", 2);
pub(super) const TURN: TypeEntry = entry(3, "conversation.turn", 2);
pub(super) const JOB: TypeEntry = entry(4, "job", 1);
pub(super) const DEAD_LETTER: TypeEntry = entry(5, "job.dead_letter", 1);
pub(super) const DELIVERY: TypeEntry = entry(6, "webhook.delivery", 1);

/// Every type ever stored, in order of id. Below 100: records; from 100: events.
pub const REGISTRY: &[TypeEntry] = &[
    COMMIT_HEAD,
    RESULT,
    TURN,
    JOB,
    DEAD_LETTER,
    DELIVERY,
    entry(100, "organization.created", 1),
    entry(101, "organization.updated", 1),
    entry(110, "user.created", 1),
    entry(111, "user.deleted", 1),
    entry(112, "user.role_assigned", 1),
    entry(120, "api_key.created", 2),
    entry(121, "api_key.deleted", 1),
    entry(130, "role.created", 1),
    entry(131, "role.updated", 1),
    entry(140, "temporary_grant.created", 1),
    entry(150, "webhook_destination.created", 1),
    entry(151, "webhook_destination.updated", 1),
    entry(152, "webhook_destination.secret_rotated", 1),
    entry(153, "webhook_destination.deleted", 1),
    entry(200, "persona.created", 1),
    entry(201, "persona.updated", 1),
    entry(202, "persona.version_created", 1),
    entry(203, "persona.deleted", 1),
    entry(210, "scenario.created", 2),
    entry(211, "scenario.updated", 1),
    entry(212, "scenario.version_created", 2),
    entry(213, "scenario.deleted", 1),
    entry(220, "metric.created", 2),
    entry(221, "metric.updated", 1),
    entry(222, "metric.version_created", 2),
    entry(223, "metric.deleted", 1),
    entry(230, "agent.created", 1),
    entry(231, "agent.version_created", 2),
    entry(232, "agent.deleted", 1),
    entry(240, "context_graph.created", 1),
    entry(241, "context_graph.version_created", 1),
    entry(242, "context_graph.deleted", 1),
    entry(250, "service.created", 1),
    entry(251, "service.updated", 1),
    entry(252, "service.version_set_put", 1),
    entry(253, "service.version_set_deleted", 1),
    entry(260, "unit_test.created", 1),
    entry(261, "unit_test.updated", 1),
    entry(262, "unit_test.deleted", 1),
    entry(270, "unit_test_set.created", 1),
    entry(271, "unit_test_set.updated", 1),
    entry(272, "unit_test_set.deleted", 1),
    entry(300, "run.started", 3),
    entry(301, "run.cancelled", 3),
    entry(302, "run.completed", 1),
    entry(310, "evaluation.recorded", 1),
];

/// The entry of the type with this name.
pub(super) fn by_name(name: &str) -> Option<TypeEntry> {
    REGISTRY.iter().find(|entry| entry.name == name).copied()
}

/// The entry of the type with this id.
pub(super) fn by_id(id: u16) -> Option<TypeEntry> {
    REGISTRY.iter().find(|entry| entry.id == id).copied()
}
