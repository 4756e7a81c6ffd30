//! Whether every value that one schema allows is allowed by another.

use serde_json::{Map, Value, json};

use super::{
    Document,
    schema::{Alternative, alternatives},
};

/// A value that the first schema allows and the second may refuse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    /// Where: a pointer into the value; `*` is any item or key.
    pub(super) at: String,
    /// Which keyword makes the difference, and how.
    pub(super) why: String,
}

/// A schema of a document.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) document: &'a Document,
    pub(super) schema: &'a Value,
}

impl<'a> Side<'a> {
    const fn at(self, schema: &'a Value) -> Self {
        Self {
            document: self.document,
            schema,
        }
    }

    fn alternatives(self) -> Vec<Alternative> {
        alternatives(self.document, self.schema)
    }

    fn validator(self) -> jsonschema::Validator {
        self.document.validator(self.schema)
    }
}

/// What `narrow` allows and `wide` may refuse.
pub(super) fn differences(narrow: Side<'_>, wide: Side<'_>, at: &str) -> Vec<Difference> {
    let candidates = wide.alternatives();
    narrow
        .alternatives()
        .iter()
        .flat_map(|alternative| {
            candidates
                .iter()
                .map(|candidate| compare(narrow, alternative, wide, candidate, at))
                // Of several ways to differ, the smallest says most.
                .min_by_key(|found| found.iter().map(|one| weight(one, at)).sum::<usize>())
                .unwrap_or_default()
        })
        .collect()
}

fn difference(at: &str, why: impl Into<String>) -> Difference {
    Difference {
        at: at.to_owned(),
        why: why.into(),
    }
}

/// How far off a difference is: another type of value, another word that tells alternatives apart, or a detail.
fn weight(difference: &Difference, at: &str) -> usize {
    let tells_apart = difference.at.strip_prefix(at) == Some("/type") && difference.why.starts_with("enum");
    match (
        difference.at == at && difference.why.starts_with("type"),
        tells_apart,
    ) {
        (true, _) => 10_000,
        (false, true) => 1000,
        (false, false) => 1,
    }
}

fn compare(narrow: Side<'_>, a: &Alternative, wide: Side<'_>, b: &Alternative, at: &str) -> Vec<Difference> {
    if b.kind == "any" {
        return Vec::new();
    }
    if a.kind != b.kind && !(a.kind == "integer" && b.kind == "number") {
        return vec![difference(at, format!("type: {} is not {}", a.kind, b.kind))];
    }
    if let Some(found) = words(a, b, wide, at) {
        return found;
    }
    match a.kind.as_str() {
        "integer" | "number" => numbers(a, b, at),
        "string" => strings(a, b, at),
        "array" => arrays(narrow, a, wide, b, at),
        "object" => objects(narrow, a, wide, b, at),
        _ => Vec::new(),
    }
}

/// Closed lists of values; none if there are none.
fn words(a: &Alternative, b: &Alternative, wide: Side<'_>, at: &str) -> Option<Vec<Difference>> {
    match (a.keywords.get("enum"), b.keywords.get("enum")) {
        (Some(Value::Array(values)), None) => {
            let wanted = wide.validator();
            let refused = values.iter().filter(|value| !wanted.is_valid(value));
            Some(
                refused
                    .map(|value| difference(at, format!("enum: {value}")))
                    .collect(),
            )
        }
        (Some(Value::Array(values)), Some(Value::Array(known))) => {
            let refused = values.iter().filter(|value| !known.contains(value));
            Some(
                refused
                    .map(|value| difference(at, format!("enum: {value}")))
                    .collect(),
            )
        }
        (None, Some(known)) => {
            let known = known.as_array().map_or(0, Vec::len);
            Some(vec![difference(at, format!("enum: only {known} values"))])
        }
        _ => None,
    }
}

fn bound(alternative: &Alternative, keyword: &str) -> Option<f64> {
    alternative.keywords.get(keyword)?.as_f64()
}

/// The bounds of `b` must not be within those of `a`.
fn bounds(a: &Alternative, b: &Alternative, lower: &[&str], upper: &[&str], at: &str) -> Vec<Difference> {
    let too_high = |keyword: &&&str| {
        bound(b, keyword).is_some_and(|limit| limit > 0.0 || **keyword == "minimum")
            && bound(a, keyword).is_none_or(|known| bound(b, keyword).is_some_and(|limit| known < limit))
    };
    let too_low = |keyword: &&&str| {
        bound(b, keyword).is_some_and(|limit| bound(a, keyword).is_none_or(|known| known > limit))
    };
    let describe = |keyword: &&str| {
        let limit = bound(b, keyword).unwrap_or_default();
        difference(at, format!("{keyword}: {limit}"))
    };
    let lower = lower.iter().filter(too_high).map(describe);
    let upper = upper.iter().filter(too_low).map(describe);
    lower.chain(upper).collect()
}

fn numbers(a: &Alternative, b: &Alternative, at: &str) -> Vec<Difference> {
    bounds(
        a,
        b,
        &["minimum", "exclusiveMinimum"],
        &["maximum", "exclusiveMaximum"],
        at,
    )
}

/// Whether a pattern matches the empty text.
fn matches_nothing(pattern: &Value) -> bool {
    jsonschema::is_valid(&json!({"pattern": pattern}), &json!(""))
}

fn strings(a: &Alternative, b: &Alternative, at: &str) -> Vec<Difference> {
    let mut a = a.clone();
    // A pattern that nothing empty matches says that something is there.
    if !a.keywords.contains_key("minLength")
        && a.keywords
            .get("pattern")
            .is_some_and(|pattern| !matches_nothing(pattern))
    {
        a.keywords.insert("minLength".to_owned(), json!(1));
    }
    // A form that is known says more than a length.
    if a.keywords.contains_key("format") && bound(b, "minLength") == Some(1.0) {
        a.keywords.insert("minLength".to_owned(), json!(1));
    }
    let mut found = bounds(&a, b, &["minLength"], &["maxLength"], at);
    for keyword in ["pattern", "format"] {
        if let Some(wanted) = b.keywords.get(keyword)
            && a.keywords.get(keyword) != Some(wanted)
        {
            found.push(difference(
                at,
                format!("{keyword}: {}", wanted.as_str().unwrap_or_default()),
            ));
        }
    }
    found
}

fn arrays(narrow: Side<'_>, a: &Alternative, wide: Side<'_>, b: &Alternative, at: &str) -> Vec<Difference> {
    let mut found = bounds(a, b, &["minItems"], &["maxItems"], at);
    if b.keywords.get("uniqueItems") == Some(&json!(true))
        && a.keywords.get("uniqueItems") != Some(&json!(true))
    {
        found.push(difference(at, "uniqueItems"));
    }
    let whatever = json!({});
    let items =
        |keywords: &Map<String, Value>| keywords.get("items").cloned().unwrap_or_else(|| whatever.clone());
    match (a.keywords.get("prefixItems"), b.keywords.get("prefixItems")) {
        (Some(Value::Array(mine)), Some(Value::Array(theirs))) => {
            for (mine, theirs) in mine.iter().zip(theirs) {
                found.extend(differences(narrow.at(mine), wide.at(theirs), &format!("{at}/*")));
            }
        }
        (_, Some(_)) => found.push(difference(at, "prefixItems")),
        (Some(Value::Array(mine)), None) => {
            let theirs = items(&b.keywords);
            for mine in mine {
                found.extend(differences(narrow.at(mine), wide.at(&theirs), &format!("{at}/*")));
            }
        }
        _ => {
            let (mine, theirs) = (items(&a.keywords), items(&b.keywords));
            found.extend(differences(
                narrow.at(&mine),
                wide.at(&theirs),
                &format!("{at}/*"),
            ));
        }
    }
    found
}

fn objects(narrow: Side<'_>, a: &Alternative, wide: Side<'_>, b: &Alternative, at: &str) -> Vec<Difference> {
    let mut found = bounds(a, b, &["minProperties"], &["maxProperties"], at);
    let empty = Map::new();
    let properties = |keywords: &Value| keywords.as_object().cloned().unwrap_or_else(|| empty.clone());
    let (mine, theirs) = (
        properties(a.keywords.get("properties").unwrap_or(&Value::Null)),
        properties(b.keywords.get("properties").unwrap_or(&Value::Null)),
    );
    let others = b.keywords.get("additionalProperties");
    for (key, schema) in &mine {
        let place = format!("{at}/{key}");
        match (theirs.get(key), others) {
            (Some(wanted), _) => found.extend(differences(narrow.at(schema), wide.at(wanted), &place)),
            (None, Some(Value::Bool(false))) => {
                found.push(difference(&place, "additionalProperties: refused"))
            }
            (None, Some(wanted)) => found.extend(differences(narrow.at(schema), wide.at(wanted), &place)),
            (None, None) => {}
        }
    }
    let required = |keywords: &Map<String, Value>| match keywords.get("required") {
        Some(Value::Array(keys)) => keys.clone(),
        _ => Vec::new(),
    };
    let given = required(&a.keywords);
    for key in required(&b.keywords).iter().filter(|key| !given.contains(key)) {
        let key = key.as_str().unwrap_or_default();
        found.push(difference(&format!("{at}/{key}"), "required"));
    }
    // What is there but not described can be anything.
    let anything = json!(true);
    for key in given
        .iter()
        .filter_map(Value::as_str)
        .filter(|key| !mine.contains_key(*key))
    {
        if let Some(wanted) = theirs.get(key) {
            found.extend(differences(
                narrow.at(&anything),
                wide.at(wanted),
                &format!("{at}/{key}"),
            ));
        }
    }
    match (a.keywords.get("additionalProperties"), others) {
        // Fields that one side does not name are none of the comparison's business: a client of theirs does not send them.
        (None | Some(Value::Bool(false)), Some(Value::Bool(false))) | (_, None | Some(Value::Bool(true))) => {
        }
        (None, Some(_)) if mine.is_empty() => {
            found.push(difference(&format!("{at}/*"), "additionalProperties"))
        }
        (None | Some(Value::Bool(false)), Some(_)) => {}
        (Some(_), Some(Value::Bool(false))) => {
            found.push(difference(&format!("{at}/*"), "additionalProperties: refused"));
        }
        (Some(mine), Some(wanted)) => {
            found.extend(differences(narrow.at(mine), wide.at(wanted), &format!("{at}/*")));
        }
    }
    if let Some(wanted) = b.keywords.get("propertyNames") {
        let string = |keywords: Option<&Value>| {
            let mut names = keywords.cloned().unwrap_or_else(|| json!({}));
            if names.get("type").is_none() && names.get("$ref").is_none() {
                names["type"] = json!("string");
            }
            names
        };
        let (mine, wanted) = (string(a.keywords.get("propertyNames")), string(Some(wanted)));
        found.extend(differences(
            narrow.at(&mine),
            wide.at(&wanted),
            &format!("{at}/*key"),
        ));
    }
    found
}

mod tests;
