//! Metrics.

use model::{
    Command, Content, Judge, Metric, MetricContent, MetricId, ModelJudge, Name, OrgId, ServiceId, Tags, Text,
    Time, Version,
};
use serde::{Deserialize, Serialize};

use crate::{
    Patch, SortKey, Tag, TagFilter, UserFilter, UserInfo, VersionFilter,
    request::{CommandRequest, list, request, versions},
    shape::{JudgeShape, MetricTypeWord, MetricValueShape},
    wire::tag_list,
};

request! {
    /// What Rehearse adds to a metric version.
    VersionExtension {
        /// Who measures, in the shape of suites; none: a model.
        judge: Option<JudgeShape> = optional(),
    }
}

request! {
    /// The first version of a metric.
    FirstVersion {
        /// What to measure and how to form the result.
        description: String = description(),
        /// The values that may come out.
        metric_value: MetricValueShape = required(),
        /// What Rehearse adds.
        rehearse: Option<VersionExtension> = optional(),
    }
}

request! {
    /// Makes a metric with version 1.
    Create {
        /// Its name.
        name: Name = required(),
        /// Services whose real conversations are measured too.
        applied_to_services: Vec<ServiceId> = list(0..=200),
        /// Notes for people.
        additional_notes: Option<Text> = not_set(),
        /// Its labels.
        tags: Tags = strict_tags(),
        /// Version 1.
        initial_version_metric_value: FirstVersion = required(),
    }
}

request! {
    /// Changes a metric's services, notes or labels.
    Update {
        /// The metric.
        id: MetricId = required(),
        /// The new services; none: unchanged.
        applied_to_services: Option<Vec<ServiceId>> = optional_list(0..=200),
        /// The new notes.
        additional_notes: Patch<Text> = patch(),
        /// The new labels; none: unchanged.
        tags: Option<Tags> = optional_strict_tags(),
    }
}

request! {
    /// Adds a version, of the same value type.
    CreateVersion {
        /// The metric.
        id: MetricId = required(),
        /// The number that the version must get; none: whichever is next.
        version: Option<u32> = version(1),
        /// What is measured, and how the value is found.
        description: Text = required(),
        /// The values that it may have.
        metric_value: MetricValueShape = required(),
        /// What Rehearse adds.
        rehearse: Option<VersionExtension> = optional(),
    }
}

request! {
    /// Deletes a metric that no unit test uses.
    Delete {
        /// The metric.
        id: MetricId = required(),
    }
}

request! {
    /// Lists metrics.
    ListQuery {
        /// Only these.
        id: Vec<MetricId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=50, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Applied to any of these services.
        applied_to_service: Vec<ServiceId> = values(),
        /// Any of these value types.
        r#type: Vec<MetricTypeWord> = values(),
        /// Deleted ones rather than live ones.
        is_deleted: bool = flag_or(false),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The order; none: newest change first.
        sort_by: Vec<SortKey> = order(&["updated_at"]),
    }
}

request! {
    /// Finds metrics by name.
    SearchQuery {
        /// Words, all of which must occur.
        query: Name = search_terms(),
        /// Applied to any of these services.
        applied_to_service: Vec<ServiceId> = values(),
        /// Any of these value types.
        r#type: Vec<MetricTypeWord> = values(),
        /// Made by any of these.
        creator: Vec<UserFilter> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
    }
}

request! {
    /// Lists versions of a metric.
    VersionsQuery {
        /// The metric.
        id: MetricId = required(),
        /// Which versions; none: all.
        version: Option<VersionFilter> = single(),
        /// The page's size.
        limit: u32 = page_size(1..=10, 10),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["version"]),
    }
}

/// What a version holds. A metric without another judge is judged by a model.
fn content(
    description: String,
    value: MetricValueShape,
    extension: Option<VersionExtension>,
) -> MetricContent {
    let judge = extension.and_then(|extension| extension.judge);
    MetricContent {
        description,
        value: value.0,
        judge: judge.map_or_else(|| Judge::Model(ModelJudge::default()), |judge| judge.0),
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        let first = self.initial_version_metric_value;
        Command::CreateMetric {
            name: self.name,
            applied_to_services: self.applied_to_services,
            additional_notes: self.additional_notes,
            tags: self.tags,
            content: content(first.description, first.metric_value, first.rehearse),
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdateMetric {
            id: self.id,
            applied_to_services: self.applied_to_services,
            additional_notes: self.additional_notes.into_change(),
            tags: self.tags,
        }
    }
}

impl CommandRequest for CreateVersion {
    fn into_command(self) -> Command {
        Command::CreateMetricVersion {
            id: self.id,
            content: content(self.description.into(), self.metric_value, self.rehearse),
            expected: self.version,
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteMetric { id: self.id }
    }
}

/// A metric was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricCreated)]
pub struct Created {
    /// Its id.
    pub id: MetricId,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricInstance)]
pub struct Instance {
    /// Its id.
    pub id: MetricId,
    /// Everything else.
    #[serde(flatten)]
    pub body: Body,
}

/// A metric as searches show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricRaw)]
pub struct Raw {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: MetricId,
    /// Everything else.
    #[serde(flatten)]
    pub body: Body,
}

/// A metric but for its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricBody)]
pub struct Body {
    /// The tenant.
    pub org_id: OrgId,
    /// Its name.
    pub name: Name,
    /// Services whose real conversations are measured too.
    pub applied_to_services: Vec<ServiceId>,
    /// Notes for people.
    #[schema(required)]
    pub additional_notes: Option<Text>,
    /// Its labels.
    pub tags: Vec<Tag>,
    /// Who made it.
    pub creator: UserInfo,
    /// Who changed it last.
    pub updated_by: UserInfo,
    /// `boolean`, `numerical` or `categorical`.
    pub metric_value_type: MetricTypeWord,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What Rehearse adds to a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricExtension)]
pub struct Extension {
    /// The newest version's number.
    pub latest_version: u32,
    /// The newest version's content; only where one metric is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub latest: Option<Latest>,
}

/// The content of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricLatest)]
pub struct Latest {
    /// What to measure and how to form the result.
    pub description: String,
    /// The values that may come out.
    pub metric_value: MetricValueShape,
    /// What Rehearse adds.
    pub rehearse: LatestExtension,
}

/// What Rehearse adds to a metric version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricLatestExtension)]
pub struct LatestExtension {
    /// Who measures, in the shape of suites.
    pub judge: JudgeShape,
}

impl From<&MetricContent> for Latest {
    fn from(content: &MetricContent) -> Self {
        Self {
            description: content.description.clone(),
            metric_value: content.value.clone().into(),
            rehearse: LatestExtension {
                judge: content.judge.clone().into(),
            },
        }
    }
}

impl Body {
    fn of(org: &OrgId, metric: &Metric) -> Self {
        Self {
            org_id: org.clone(),
            name: metric.name.clone(),
            applied_to_services: metric.applied_to_services.clone(),
            additional_notes: metric.additional_notes.clone(),
            tags: tag_list(&metric.tags),
            creator: UserInfo::of(org, &metric.life.created),
            updated_by: UserInfo::of(org, &metric.life.updated),
            metric_value_type: metric.latest.value.metric_type().into(),
            is_deleted: metric.life.is_deleted(),
            created_at: metric.life.created.at,
            updated_at: metric.life.updated.at,
            rehearse: Extension {
                latest_version: metric.latest_version,
                latest: None,
            },
        }
    }
}

impl Instance {
    /// As lists show it.
    pub fn of(org: &OrgId, metric: &Metric) -> Self {
        Self {
            id: metric.id,
            body: Body::of(org, metric),
        }
    }

    /// With the newest version's content.
    pub fn with_latest(org: &OrgId, metric: &Metric) -> Self {
        let mut instance = Self::of(org, metric);
        instance.body.rehearse.latest = Some((&metric.latest).into());
        instance
    }
}

impl Raw {
    /// As searches show it.
    pub fn of(org: &OrgId, metric: &Metric) -> Self {
        Self {
            id: metric.id,
            body: Body::of(org, metric),
        }
    }
}

/// A version of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricVersionInstance)]
pub struct VersionInstance {
    /// The metric.
    pub metric_id: MetricId,
    /// Its number.
    pub version: u32,
    /// The content.
    #[serde(flatten)]
    pub content: Latest,
    /// Who made it.
    pub creator: UserInfo,
    /// When it was made.
    pub created_at: Time,
}

impl VersionInstance {
    /// A version; none if it is not of a metric.
    pub fn of(org: &OrgId, id: MetricId, version: &Version) -> Option<Self> {
        match &version.content {
            Content::Metric(content) => Some(Self {
                metric_id: id,
                version: version.number,
                content: content.into(),
                creator: UserInfo::of(org, &version.created),
                created_at: version.created.at,
            }),
            Content::Persona(_) | Content::Scenario(_) | Content::Agent(_) | Content::ContextGraph(_) => None,
        }
    }
}

/// What filters of metrics can hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricFilterValues)]
pub struct FilterValues {
    /// Services that some are applied to.
    pub applied_to_services_ids: Vec<ServiceId>,
    /// Who made some.
    pub creators: Vec<UserInfo>,
    /// Keys of labels.
    pub tags: Vec<String>,
    /// Value types.
    pub types: Vec<MetricTypeWord>,
}

list! {
    /// A page of metrics.
    List { metrics: Instance, FilterValues }
}

/// The metrics found, best match first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MetricFound)]
pub struct Found {
    /// At most 50.
    pub metrics: Vec<Raw>,
}

versions! {
    /// A page of versions.
    Versions { metric_versions: VersionInstance }
}
