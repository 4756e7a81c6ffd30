//! The JSON form that values of the domain have within bodies.

use model::{
    Comparison, Connection, Criterion, DeliveryStatus, FrontendView, Grant, InitialMessageType, Json, Judge,
    Kind, MetricDomain, MetricType, MetricValue, Milestone, ModelPreference, Script, SuccessCriterion,
    Verdict, VersionSet, WebhookType,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer,
    conversation::MessageType,
    metric_result::SourceType,
    openapi::{self, AddComponents, Component, Components, OfSuite, suite_type},
    read::{Fields, Read, Word as _, json_object, map, read, word_schema, words},
    suite::{self, SuiteKind},
};

mod access;
mod schema;

pub(crate) use schema::{MetricResultValue, ModelPreferenceView, VersionSetView};

macro_rules! shapes {
    ($($(#[doc = $doc:literal])* $name:ident($inner:ty) read $read:path, write $write:path, schema $schema:expr $(, with $component:ty)?;)+) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub $inner);

        impl Read for $name {
            fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
                $read(value, at, errors).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $write(&self.0).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                openapi::described(concat!($($doc),*), $schema)
            }
        }

        impl ToSchema for $name {
            $(
                fn schemas(components: &mut Components) {
                    <$component as AddComponents>::add_components(components);
                }
            )?
        }
    )+};
}

shapes! {
    /// A judge, in the shape that suites have.
    JudgeShape(Judge) read suite::judge::read, write suite::judge::write, schema suite_type::<suite::JudgeDoc>(), with OfSuite<suite::JudgeDoc>;
    /// A script, in the shape that suites have.
    ScriptShape(Script) read suite::script::read, write suite::script::write, schema suite_type::<Vec<suite::StepDoc>>(), with OfSuite<Vec<suite::StepDoc>>;
    /// Milestones, in the shape that suites have.
    MilestonesShape(Vec<Milestone>) read suite::milestone::read, write suite::milestone::write, schema suite_type::<Vec<suite::MilestoneDoc>>(), with OfSuite<Vec<suite::MilestoneDoc>>;
    /// A connection, in the shape that suites have.
    ConnectionShape(Connection) read suite::agent::read_connection, write suite::agent::write_connection, schema suite_type::<suite::ConnectionDoc>(), with OfSuite<suite::ConnectionDoc>;
    /// The type of a metric's values.
    MetricTypeWord(MetricType) read MetricType::read, write metric_type, schema word_schema::<MetricType>();
    /// A kind of suite document.
    SuiteKindShape(SuiteKind) read SuiteKind::read, write suite_kind, schema word_schema::<SuiteKind>();
    /// A kind of object.
    KindShape(Kind) read read_kind, write kind, schema kinds();
    /// The verdict on a conversation.
    VerdictShape(Verdict) read Verdict::read, write verdict, schema word_schema::<Verdict>();
    /// Where a metric's value comes from.
    SourceShape(SourceType) read SourceType::read, write source_type, schema word_schema::<SourceType>();
    /// What kind of message it is.
    MessageTypeWord(MessageType) read MessageType::read, write message_type, schema word_schema::<MessageType>();
    /// How a conversation opens.
    InitialMessage(InitialMessageType) read InitialMessageType::read, write initial_message, schema word_schema::<InitialMessageType>();
    /// The values that a metric may have.
    MetricValueShape(MetricDomain) read read_domain, write write_domain, schema schema::metric_value(), with Component<model::Name>;
    /// A condition on a metric's value.
    CriterionShape(Criterion) read read_criterion, write write_criterion, schema schema::criterion(), with Component<model::Name>;
    /// A named condition on a metric.
    SuccessCriterionShape(SuccessCriterion) read read_success_criterion, write write_success_criterion, schema schema::success_criterion(), with schema::SuccessCriterionParts;
    /// A version set.
    VersionSetShape(VersionSet) read read_version_set, write write_version_set, schema schema::version_set(), with Component<ModelPreferenceShape>;
    /// Permission to do one thing, to everything that meets the conditions.
    PermissionGrantShape(Grant) read access::read_grant, write access::write_grant, schema access::grant();
    /// Which interface the users of a role see.
    FrontendViewWord(FrontendView) read FrontendView::read, write access::frontend_view, schema word_schema::<FrontendView>();
    /// What a webhook destination is told of.
    WebhookTypeWord(WebhookType) read WebhookType::read, write access::webhook_type, schema word_schema::<WebhookType>();
    /// How a webhook delivery ended.
    DeliveryStatusWord(DeliveryStatus) read DeliveryStatus::read, write access::delivery_status, schema word_schema::<DeliveryStatus>();
    /// An object that is kept as it is.
    DocumentShape(Json) read json_object, write Json::value, schema json!({"type": "object"});
    /// A preferred model.
    ModelPreferenceShape(ModelPreference) read read_preference, write write_preference, schema schema::preference(), with Component<model::Text>;
}

words! {
    MetricType {
        Boolean = "boolean",
        Numerical = "numerical",
        Categorical = "categorical",
    }
}

words! {
    Comparison {
        Equal = "==",
        NotEqual = "!=",
        AtMost = "<=",
        Below = "<",
        AtLeast = ">=",
        Above = ">",
    }
}

fn metric_type(metric_type: &MetricType) -> &'static str {
    metric_type.word()
}

fn message_type(message_type: &MessageType) -> &'static str {
    message_type.word()
}

fn suite_kind(kind: &SuiteKind) -> &'static str {
    kind.word()
}

fn kind(kind: &Kind) -> &'static str {
    kind.as_str()
}

fn kinds() -> Value {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    json!({"type": "string", "enum": kinds})
}

fn read_kind(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Kind> {
    let text = String::read(value, at, errors)?;
    match text.parse() {
        Ok(kind) => Some(kind),
        Err(reason) => {
            errors.push(at, reason.to_string());
            None
        }
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    verdict.word()
}

fn source_type(source_type: &SourceType) -> &'static str {
    source_type.word()
}

fn initial_message(kind: &InitialMessageType) -> &'static str {
    kind.word()
}

fn read_domain(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<MetricDomain> {
    let mut fields = Fields::of(value, at, errors)?;
    let domain = match fields.required("type")? {
        MetricType::Boolean => Some(MetricDomain::Boolean),
        MetricType::Numerical => {
            let lower_bound: Option<f64> = fields.required("lower_bound");
            let upper_bound: Option<f64> = fields.required("upper_bound");
            let bounds = lower_bound.zip(upper_bound);
            if bounds.is_some_and(|(lower, upper)| lower > upper) {
                fields.fault("upper_bound", "must not be below `lower_bound`");
                None
            } else {
                bounds.map(|(lower_bound, upper_bound)| MetricDomain::Numerical {
                    lower_bound,
                    upper_bound,
                })
            }
        }
        MetricType::Categorical => fields
            .list("categories", 1..=50)
            .map(|categories| MetricDomain::Categorical { categories }),
    };
    fields.finish();
    domain
}

fn write_domain(domain: &MetricDomain) -> Value {
    match domain {
        MetricDomain::Boolean => json!({"type": "boolean"}),
        MetricDomain::Numerical {
            lower_bound,
            upper_bound,
        } => {
            json!({"type": "numerical", "lower_bound": number(*lower_bound), "upper_bound": number(*upper_bound)})
        }
        MetricDomain::Categorical { categories } => json!({"type": "categorical", "categories": categories}),
    }
}

fn read_criterion(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Criterion> {
    let mut fields = Fields::of(value, at, errors)?;
    let criterion = match fields.required("type")? {
        MetricType::Boolean => fields
            .required("expected_value")
            .map(|expected_value| Criterion::Boolean { expected_value }),
        MetricType::Numerical => {
            let verb = fields.required("verb");
            let threshold = fields.required("threshold");
            verb.zip(threshold)
                .map(|(verb, threshold)| Criterion::Numerical { verb, threshold })
        }
        MetricType::Categorical => fields
            .list("expected_values", 1..=50)
            .map(|expected_values| Criterion::Categorical { expected_values }),
    };
    fields.finish();
    criterion
}

fn write_criterion(criterion: &Criterion) -> Value {
    match criterion {
        Criterion::Boolean { expected_value } => json!({"type": "boolean", "expected_value": expected_value}),
        Criterion::Numerical { verb, threshold } => {
            json!({"type": "numerical", "verb": verb.word(), "threshold": number(*threshold)})
        }
        Criterion::Categorical { expected_values } => {
            json!({"type": "categorical", "expected_values": expected_values})
        }
    }
}

fn read_success_criterion(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<SuccessCriterion> {
    let mut fields = Fields::of(value, at, errors)?;
    let name = fields.required("name");
    let metric_id = fields.required("metric_id");
    let criterion = fields.with("criterion", read_criterion);
    fields.finish();
    Some(SuccessCriterion {
        name: name?,
        metric_id: metric_id?,
        criterion: criterion?,
    })
}

fn write_success_criterion(criterion: &SuccessCriterion) -> Value {
    json!({
        "name": criterion.name,
        "metric_id": criterion.metric_id,
        "criterion": write_criterion(&criterion.criterion),
    })
}

fn read_version_set(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<VersionSet> {
    let mut fields = Fields::of(value, at, errors)?;
    let agent_version = fields.optional_number("agent_version_number", 1..=u32::MAX);
    let context_graph_version =
        fields.optional_number("service_hierarchical_state_machine_version_number", 1..=u32::MAX);
    let preferences = fields.optional_with("llm_model_preferences", |value, at, errors| {
        map(value, 100, at, errors, read_preference)
    });
    fields.finish();
    Some(VersionSet {
        agent_version: agent_version?,
        context_graph_version: context_graph_version?,
        llm_model_preferences: preferences?.unwrap_or_default(),
    })
}

fn write_version_set(set: &VersionSet) -> Value {
    json!({
        "agent_version_number": set.agent_version,
        "service_hierarchical_state_machine_version_number": set.context_graph_version,
        "llm_model_preferences": preferences(&set.llm_model_preferences),
    })
}

/// Preferred models by interaction.
pub fn preferences(
    preferences: &std::collections::BTreeMap<String, ModelPreference>,
) -> std::collections::BTreeMap<String, ModelPreferenceShape> {
    preferences
        .iter()
        .map(|(name, preference)| (name.clone(), preference.clone().into()))
        .collect()
}

fn read_preference(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<ModelPreference> {
    let mut fields = Fields::of(value, at, errors)?;
    let llm_name = fields.required("llm_name");
    let params = fields.json_object("params");
    fields.finish();
    Some(ModelPreference {
        llm_name: llm_name?,
        params: params?.unwrap_or_else(Json::empty_object),
    })
}

fn write_preference(preference: &ModelPreference) -> Value {
    json!({"llm_name": preference.llm_name, "params": preference.params.value()})
}

/// A number as people write it: whole numbers without a fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and small enough to be exact"
)]
pub(crate) fn number(number: f64) -> Value {
    // Beyond 2^53 not every whole number is exact.
    if number.fract() == 0.0
        && number.abs() < 9_007_199_254_740_992.0
        && !(number == 0.0 && number.is_sign_negative())
    {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// A measured value; none: the metric does not apply.
pub fn result(value: Option<&MetricValue>) -> Value {
    match value {
        None => Value::Null,
        Some(MetricValue::Boolean(value)) => Value::from(*value),
        Some(MetricValue::Numerical(value)) => number(*value),
        Some(MetricValue::Categorical(value)) => Value::from(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survives<T: Read + Serialize>(value: Value) {
        let shape: T = read(&value).unwrap();
        assert_eq!(serde_json::to_value(&shape).unwrap(), value);
    }

    #[test]
    fn shapes_survive_the_wire() {
        survives::<MetricValueShape>(json!({"type": "boolean"}));
        survives::<MetricValueShape>(json!({"type": "numerical", "lower_bound": 1, "upper_bound": 10.5}));
        survives::<MetricValueShape>(json!({"type": "categorical", "categories": ["resolved", "escalated"]}));
        survives::<CriterionShape>(json!({"type": "boolean", "expected_value": true}));
        for verb in ["==", "!=", "<=", "<", ">=", ">"] {
            survives::<CriterionShape>(json!({"type": "numerical", "verb": verb, "threshold": 7}));
        }
        survives::<CriterionShape>(json!({"type": "categorical", "expected_values": ["resolved"]}));
        survives::<VersionSetShape>(json!({
            "agent_version_number": 7,
            "service_hierarchical_state_machine_version_number": null,
            "llm_model_preferences": {"EngageUser": {"llm_name": "gpt", "params": {"temperature": 0.5}}},
        }));
        survives::<JudgeShape>(json!({"contains": {"text": "hello", "in": "lastAgent"}}));
        survives::<ScriptShape>(json!([{"say": "hello"}, {"end": "achieved"}]));
    }

    #[test]
    fn the_sdk_drops_nulls_of_version_sets() {
        let set: VersionSetShape = read(&json!({"llm_model_preferences": {}})).unwrap();
        assert_eq!(set.0, VersionSet::default());
    }

    #[test]
    fn wrong_fields_of_a_shape_are_listed() {
        let errors = read::<CriterionShape>(&json!({"type": "numerical", "verb": "=>", "expected_value": 1}))
            .unwrap_err();
        let pointers: Vec<&str> = errors
            .as_slice()
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/verb", "/threshold", "/expected_value"]);
    }
}
