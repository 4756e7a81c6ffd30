//! Secrets: named in templates, read where they are used, never stored and never shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Where secrets come from.
pub trait SecretSource: Send + Sync + 'static {
    /// The secret of this name; none if there is none.
    fn get(&self, name: &str) -> Option<String>;
}

/// Resolves secrets by name and remembers their values, to keep them out of everything that is shown.
#[derive(Clone)]
pub struct Secrets {
    source: Arc<dyn SecretSource>,
    /// Values handed out so far, and how JSON writes them.
    used: Arc<RwLock<BTreeSet<String>>>,
}

/// What stands where a secret was.
const MASK: &str = "***";
/// Shorter values would also hide ordinary text.
const MIN_MASKED_BYTES: usize = 4;

struct Environment;

impl SecretSource for Environment {
    fn get(&self, name: &str) -> Option<String> {
        // Rehearse's own configuration holds credentials that no agent has a claim to.
        if name.starts_with("REHEARSE_") {
            return None;
        }
        std::env::var(name).ok()
    }
}

impl SecretSource for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }
}

impl Secrets {
    /// From this process's environment. Variables that begin with `REHEARSE_` are not secrets of agents and not handed out.
    pub fn from_env() -> Self {
        Self::new(Environment)
    }

    /// From another source.
    pub fn new(source: impl SecretSource) -> Self {
        Self {
            source: Arc::new(source),
            used: Arc::default(),
        }
    }

    /// The secret of this name. Names are `[A-Z_][A-Z0-9_]*`.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        if !is_secret_name(name) {
            return None;
        }
        let value = self.source.get(name)?;
        if value.len() >= MIN_MASKED_BYTES {
            let quoted = serde_json::Value::String(value.clone()).to_string();
            let escaped = quoted.trim_start_matches('"').trim_end_matches('"').to_owned();
            let mut used = self.used.write().unwrap_or_else(PoisonError::into_inner);
            used.insert(escaped);
            used.insert(value.clone());
        }
        Some(value)
    }

    /// `text` without any value handed out so far.
    pub(crate) fn redact(&self, text: &str) -> String {
        let used = self.used.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&String> = used
            .iter()
            .filter(|value| text.contains(value.as_str()))
            .collect();
        // A value that holds another one goes first.
        found.sort_by_key(|value| std::cmp::Reverse(value.len()));
        found
            .into_iter()
            .fold(text.to_owned(), |text, value| text.replace(value.as_str(), MASK))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Whether a template may name a secret so.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && name.len() <= 256
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let pairs = [
            ("KEY", "hunter22"),
            ("LONG", "hunter22-and-more"),
            ("PIN", "123"),
            ("ODD", "a\"b\\cd"),
        ];
        Secrets::new(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        )
    }

    #[test]
    fn values_handed_out_are_masked_wherever_they_stand() {
        let secrets = secrets();
        assert_eq!(
            secrets.redact("Bearer hunter22"),
            "Bearer hunter22",
            "not handed out yet"
        );
        for name in ["KEY", "LONG", "PIN", "ODD"] {
            assert!(secrets.get(name).is_some(), "{name}");
        }
        assert_eq!(
            secrets.redact("Bearer hunter22, hunter22-and-more; 123"),
            "Bearer ***, ***; 123"
        );
        assert_eq!(secrets.redact(r#"{"x":"a\"b\\cd"} a"b\cd"#), r#"{"x":"***"} ***"#);
        assert_eq!(format!("{secrets:?}"), "Secrets");
    }

    #[test]
    fn own_configuration_and_odd_names_are_not_secrets() {
        assert!(Environment.get("PATH").is_some());
        assert!(Environment.get("REHEARSE_NATS_URL").is_none());
        for name in ["", "key", "1KEY", "A-B", "A B"] {
            assert!(!is_secret_name(name), "{name}");
        }
        assert!(is_secret_name("_A1"));
    }
}
