//! Where each value comes from.

use std::{collections::BTreeMap, fmt, path::Path, str::FromStr as _};

use config::{Config, ConfigError, File, FileFormat, Source as _, Value, ValueKind};
use serde::Serialize;

use super::{DEFAULTS, Places, Settings};
use crate::failure::Failure;

/// What variables of settings begin with.
const PREFIX: &str = "REHEARSE__";
/// A variable with a name of its own, and the setting it sets.
const NATS_SERVER: (&str, &str) = ("REHEARSE_NATS_SERVER", "nats.server");
/// The largest settings file, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The defaults.
    Default,
    /// A file.
    File(String),
    /// A variable of the environment.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

/// One setting, and where its value comes from.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Setting {
    /// Section and key, such as `worker.concurrency`.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: serde_json::Value,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Every setting, from the strongest place that names it.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => f.write_str(path),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Layers {
    /// Reads every place, the weakest first.
    pub(super) fn read(places: &Places) -> Result<Self, Failure> {
        let defaults = parse(DEFAULTS, "the built-in defaults")?;
        let values = defaults
            .into_iter()
            .map(|(key, value)| (key, (value, Origin::Default)))
            .collect();
        let mut layers = Self { values };
        let mut faults = Vec::new();
        if let Some(text) = settings_file(places)? {
            let (path, text) = text;
            for (key, value) in parse(&text, &path)? {
                layers.set(key, value, Origin::File(path.clone()), &mut faults);
            }
        }
        for (name, text) in &places.environment {
            let key = match name.strip_prefix(PREFIX) {
                Some(rest) => rest.to_lowercase().replace("__", "."),
                None if name == NATS_SERVER.0 => NATS_SERVER.1.to_owned(),
                None => continue,
            };
            // Empty means unset: some launchers cannot take a variable away.
            if !text.is_empty() {
                layers.set(
                    key,
                    Value::new(None, text.as_str()),
                    Origin::Variable(name.clone()),
                    &mut faults,
                );
            }
        }
        for (flag, key, text) in &places.flags {
            layers.set(
                (*key).to_owned(),
                Value::new(None, text.as_str()),
                Origin::Flag(flag),
                &mut faults,
            );
        }
        if faults.is_empty() {
            Ok(layers)
        } else {
            Err(Failure::configuration(faults.join("\n")))
        }
    }

    fn set(&mut self, key: String, value: Value, origin: Origin, faults: &mut Vec<String>) {
        match self.values.get_mut(&key) {
            Some(slot) => *slot = (value, origin),
            None => {
                let section = key.split('.').next().unwrap_or_default();
                let beside: Vec<&str> = self
                    .values
                    .keys()
                    .filter(|known| known.split('.').next() == Some(section))
                    .map(String::as_str)
                    .collect();
                let known = if beside.is_empty() {
                    "`rehearse config show` lists them".to_owned()
                } else {
                    format!("the section has {}", beside.join(", "))
                };
                faults.push(format!("{origin}: there is no setting `{key}`; {known}"));
            }
        }
    }

    /// The settings as types.
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        let mut builder = Config::builder();
        for (key, (value, origin)) in &self.values {
            let value = Value::new(Some(&origin.to_string()), value.kind.clone());
            builder = builder
                .set_override(key, value)
                .map_err(|source| failure(&source))?;
        }
        let config = builder.build().map_err(|source| failure(&source))?;
        config
            .try_deserialize()
            .map_err(|source| self.at_its_origin(&source))
    }

    /// Not every error of the library says where the value comes from.
    fn at_its_origin(&self, source: &ConfigError) -> Failure {
        let (ConfigError::Type { key: Some(key), .. } | ConfigError::At { key: Some(key), .. }) = source
        else {
            return failure(source);
        };
        match self.values.get(key) {
            Some((value, origin)) => {
                let reason = reason(source);
                Failure::configuration(format!(
                    "{origin}: the setting `{key}` cannot be `{value}`: {reason}"
                ))
            }
            None => failure(source),
        }
    }

    /// Every setting, in order.
    pub(crate) fn list(&self) -> Vec<Setting> {
        let setting = |(key, (value, origin)): (&String, &(Value, Origin))| Setting {
            key: key.clone(),
            value: json(value),
            origin: origin.clone(),
        };
        self.values.iter().map(setting).collect()
    }
}

fn failure(source: &ConfigError) -> Failure {
    Failure::configuration(format!("the settings cannot be read: {source}"))
}

fn reason(source: &ConfigError) -> String {
    if let ConfigError::Type {
        unexpected, expected, ..
    } = source
    {
        return format!("found {unexpected}, expected {expected}");
    }
    if let ConfigError::At { error, .. } = source {
        reason(error)
    } else {
        source.to_string()
    }
}

/// The settings file and its text, if there is one.
fn settings_file(places: &Places) -> Result<Option<(String, String)>, Failure> {
    let read = |path: &Path| -> std::io::Result<String> {
        if std::fs::metadata(path)?.len() > MAX_FILE_BYTES {
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
        }
        std::fs::read_to_string(path)
    };
    let (path, must_exist) = match (&places.named_file, &places.usual_file) {
        (Some(path), _) => (path, true),
        (None, Some(path)) => (path, false),
        (None, None) => return Ok(None),
    };
    match read(path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(source) => Err(Failure::at_path(path, "cannot be read", &source)),
    }
}

/// The settings of a TOML text, by key.
fn parse(text: &str, name: &str) -> Result<BTreeMap<String, Value>, Failure> {
    let collected = File::from_str(text, FileFormat::Toml).collect();
    let sections = collected.map_err(|source| {
        let reason = if let ConfigError::FileParse { cause, .. } = &source {
            cause.to_string()
        } else {
            source.to_string()
        };
        Failure::configuration(format!("{name}: {}", reason.trim_end()))
    })?;
    let mut values = BTreeMap::new();
    for (section, value) in sections {
        if let ValueKind::Table(entries) = value.kind {
            values.extend(
                entries
                    .into_iter()
                    .map(|(key, value)| (format!("{section}.{key}"), value)),
            );
        } else {
            values.insert(section, value);
        }
    }
    Ok(values)
}

fn json(value: &Value) -> serde_json::Value {
    if let ValueKind::Array(items) = &value.kind {
        return items.iter().map(json).collect();
    }
    let text = value.to_string();
    let is_plain = matches!(
        value.kind,
        ValueKind::Boolean(_) | ValueKind::I64(_) | ValueKind::U64(_) | ValueKind::Float(_)
    );
    match serde_json::Value::from_str(&text) {
        Ok(plain) if is_plain => plain,
        Ok(_) | Err(_) => serde_json::Value::String(text),
    }
}
