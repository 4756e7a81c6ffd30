//! Templates: minijinja without files, without escaping, with undefined names as errors, and with bounds on work and output.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use minijinja::{
    Environment, ErrorKind, UndefinedBehavior,
    value::{Object, Value},
};
use model::Invalid;

use crate::secrets::{Secrets, is_secret_name};

/// The most bytes a line of a script may become.
pub(crate) const MAX_SAY_BYTES: usize = 64 * 1024;
/// The most bytes a part of a request may become.
pub(crate) const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// The longest template, in bytes.
const MAX_SOURCE_BYTES: usize = 256 * 1024;
/// Work: about one per operation, and one per 64 bytes produced or read.
const FUEL: u64 = 2_000_000;

/// A template that could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// It names a secret that the worker's environment does not have.
    #[error("names secret `{0}`, which this worker's environment does not have")]
    SecretMissing(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// What a template sees, by name.
#[derive(Clone, Default)]
pub(crate) struct Variables {
    values: BTreeMap<&'static str, Value>,
    missing_secret: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Variables {
    /// Adds a value.
    pub(crate) fn with(mut self, name: &'static str, value: &serde_json::Value) -> Self {
        self.values.insert(name, to_value(value));
        self
    }

    /// Adds `secret`.
    pub(crate) fn with_secrets(mut self, secrets: &Secrets) -> Self {
        let access = SecretAccess {
            secrets: secrets.clone(),
            missing: Arc::clone(&self.missing_secret),
        };
        self.values.insert("secret", Value::from_object(access));
        self
    }

    /// Fills a template in; at most `limit` bytes may come out.
    pub(crate) fn render(&self, source: &str, limit: usize) -> Result<String, TemplateError> {
        let environment = environment();
        let template = environment
            .template_from_str(source)
            .map_err(|why| TemplateError::Failed(describe(&why)))?;
        let values = self.values.iter().map(|(name, value)| (*name, value.clone()));
        let rendered = template.render(Value::from_pairs(values));
        // An undefined name of another kind may stand beside it; the missing secret explains more.
        if let Some(name) = self
            .missing_secret
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            return Err(TemplateError::SecretMissing(name));
        }
        let text = rendered.map_err(|why| TemplateError::Failed(describe(&why)))?;
        if text.len() > limit {
            return Err(TemplateError::Failed(format!(
                "came out {} bytes long, at most {limit} are allowed",
                text.len()
            )));
        }
        Ok(text)
    }
}

/// Checks that a template compiles and names only `allowed` variables; returns those it names.
pub(crate) fn check(source: &str, allowed: &[&str]) -> Result<BTreeSet<String>, Invalid> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Invalid::new(format!(
            "a template has at most {MAX_SOURCE_BYTES} bytes"
        )));
    }
    let environment = environment();
    let template = environment
        .template_from_str(source)
        .map_err(|why| Invalid::new(format!("is not a template: {}", describe(&why))))?;
    let named: BTreeSet<String> = template
        .undeclared_variables(false)
        .into_iter()
        // Functions such as `range` are declared by the environment.
        .filter(|name| !environment.globals().any(|(global, _value)| global == name))
        .collect();
    if let Some(unknown) = named.iter().find(|name| !allowed.contains(&name.as_str())) {
        return Err(Invalid::new(format!(
            "there is no `{unknown}` here; there are {}",
            list(allowed)
        )));
    }
    for path in template.undeclared_variables(true) {
        if let Some(name) = path.strip_prefix("secret.")
            && !is_secret_name(name)
        {
            return Err(Invalid::new(format!(
                "`{name}` cannot be a secret's name: use `A-Z`, `0-9` and `_`"
            )));
        }
    }
    Ok(named)
}

/// Whether a text holds anything to fill in.
pub(crate) fn is_template(source: &str) -> bool {
    source.contains("{{") || source.contains("{%")
}

pub(crate) fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn environment<'source>() -> Environment<'source> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_name| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(64);
    environment.set_debug(false);
    environment
}

fn to_value(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or_else(|| Value::from(())),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(to_value).collect(),
        serde_json::Value::Object(fields) => Value::from_pairs(
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), to_value(value))),
        ),
    }
}

fn describe(error: &minijinja::Error) -> String {
    let line = error
        .line()
        .map_or_else(String::new, |line| format!(" (line {line})"));
    let kind = if error.kind() == ErrorKind::OutOfFuel {
        "takes too much work".to_owned()
    } else {
        error.kind().to_string()
    };
    error.detail().map_or_else(
        || format!("{kind}{line}"),
        |detail| format!("{kind}: {detail}{line}"),
    )
}

/// `secret`: resolves names as they are used.
struct SecretAccess {
    secrets: Secrets,
    missing: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for SecretAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("secrets")
    }
}

impl Object for SecretAccess {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let value = self.secrets.get(name);
        if value.is_none() {
            let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
            missing.get_or_insert_with(|| name.to_owned());
        }
        value.map(Value::from)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("secrets")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let secrets = Secrets::new(BTreeMap::from([("TOKEN".to_owned(), "s3cret".to_owned())]));
        Variables::default()
            .with(
                "persona",
                &json!({"name": "Ada <3", "variables": {"plan": "gold"}}),
            )
            .with("turns", &json!(["one", "two"]))
            .with_secrets(&secrets)
    }

    #[test]
    fn names_are_filled_in_without_escaping() {
        let render = |source| variables().render(source, 100);
        assert_eq!(render("Hi {{ persona.name }}!").unwrap(), "Hi Ada <3!");
        assert_eq!(
            render("{{ persona.variables.plan }} {{ turns|length }}").unwrap(),
            "gold 2"
        );
        assert_eq!(render("{{ turns | tojson }}").unwrap(), r#"["one", "two"]"#);
        assert_eq!(render("{{ secret.TOKEN }}").unwrap(), "s3cret");
        assert_eq!(render("{{ secret }}").unwrap(), "secrets");
    }

    #[test]
    fn what_is_missing_or_too_much_is_an_error() {
        let render = |source: &str| variables().render(source, 100);
        assert!(matches!(
            render("{{ persona.age }}"),
            Err(TemplateError::Failed(_))
        ));
        assert_eq!(
            render("{{ secret.OTHER }}"),
            Err(TemplateError::SecretMissing("OTHER".to_owned()))
        );
        assert!(
            render("{{ 'x' * 101 }}")
                .unwrap_err()
                .to_string()
                .contains("101 bytes")
        );
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
        assert!(render(endless).unwrap_err().to_string().contains("too much work"));
        assert!(render("{% include 'secret.txt' %}").is_err());
    }

    #[test]
    fn unknown_names_are_found_before_anything_runs() {
        let check = |source| check(source, &["persona", "secret"]).map_err(|invalid| invalid.to_string());
        assert!(check("{% for i in range(3) %}{{ i }}{{ persona.name }}{% endfor %}").is_ok());
        assert!(check("{{ persona.name }} {{ secret.A_1 }}").is_ok());
        assert_eq!(
            check("{{ user }}").unwrap_err(),
            "there is no `user` here; there are `persona`, `secret`"
        );
        assert!(check("{{ secret.key }}").unwrap_err().contains("secret's name"));
        assert!(check("{{ persona").unwrap_err().starts_with("is not a template"));
    }
}
