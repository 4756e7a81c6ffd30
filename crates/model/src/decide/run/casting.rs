//! Who takes part in a run beside its agents: what the caller asked for, else what the installation says.

use std::collections::BTreeMap;

use crate::{
    Cast, DecideError, GuardChoice, Guarding, Invalid, LanguageModel, MAX_RERUNS, Manifest, Models, Name,
    Rejection, StartOptions,
};

/// In place of a language model that plays users: none may.
pub const SCRIPTED: &str = "scripted";
/// In place of a language model that judges: none may.
pub const DETERMINISTIC: &str = "deterministic";

/// The choice of a run's language models. Only those that are needed get into its manifest.
pub(super) struct Casting {
    models: Models,
    simulator: Option<Name>,
    judge: Option<Name>,
    guard: GuardChoice,
    recorded: bool,
}

impl Casting {
    /// Takes the caller's choice, where there is one.
    pub(super) fn choose(models: &Models, options: &StartOptions) -> Result<(Self, Cast), DecideError> {
        let known = |field: &str, none: &str, asked: Option<&Name>| match asked {
            Some(name) if name.as_str() != none && !models.definitions.contains_key(name) => {
                let pointer = format!("/rehearse/{field}");
                Err(Rejection::invalid(pointer, unknown(name, &models.definitions)))
            }
            Some(_) | None => Ok(()),
        };
        known("simulator", SCRIPTED, options.simulator.as_ref())?;
        known("judges", DETERMINISTIC, options.judge.as_ref())?;
        let max_reruns = options.max_reruns.unwrap_or(models.max_reruns);
        if max_reruns > MAX_RERUNS {
            let reason = Invalid::new(format!("must be 0 to {MAX_RERUNS}"));
            return Err(Rejection::invalid("/rehearse/max_reruns", reason).into());
        }
        let cast = Cast {
            max_reruns,
            recorded: options.recordings.is_some(),
            ..Cast::default()
        };
        let casting = Self {
            simulator: choice(SCRIPTED, options.simulator.as_ref(), models.simulator.as_ref()),
            judge: choice(DETERMINISTIC, options.judge.as_ref(), models.judge.as_ref()),
            guard: options.guard.unwrap_or_default(),
            recorded: cast.recorded,
            models: models.clone(),
        };
        Ok((casting, cast))
    }

    /// Whether conversations are only judged.
    pub(super) const fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// Has a language model play the users of scenarios without a script. The error says why none can.
    pub(super) fn need_simulator(&self, manifest: &mut Manifest) -> Result<(), String> {
        let name = self.simulator.clone().ok_or_else(|| {
            "has no script, and no language model plays users here; add a script, or name a model with \
             `simulator`"
                .to_owned()
        })?;
        let guard = match self.guard {
            GuardChoice::Rules => Guarding::Rules,
            GuardChoice::Off => Guarding::Off,
            GuardChoice::RulesAndModel => {
                let guard = self.models.guard.clone().unwrap_or_else(|| name.clone());
                self.add(&guard, manifest)?;
                Guarding::RulesAndModel(guard)
            }
        };
        self.add(&name, manifest)?;
        name.as_str().clone_into(&mut manifest.simulator);
        let cast = &mut manifest.plan.options.cast;
        cast.simulator = Some(name);
        cast.guard = guard;
        Ok(())
    }

    /// Has these language models judge, or if there are none the run's judge. The error says why they cannot.
    pub(super) fn need_judges(&self, names: &[Name], manifest: &mut Manifest) -> Result<(), String> {
        for name in names {
            self.add(name, manifest)?;
        }
        if names.is_empty() {
            let name = self.judge.clone().ok_or_else(|| {
                "is judged by a model, and no language model judges here; give it another judge, or name a \
                 model with `judge`"
                    .to_owned()
            })?;
            self.add(&name, manifest)?;
            manifest.plan.options.cast.judge = Some(name);
        }
        manifest.judges = judges(manifest);
        Ok(())
    }

    /// Notes what the model of an agent costs, if that is known.
    pub(super) fn price_agent(&self, model: &str, manifest: &mut Manifest) {
        if let Some(price) = self.models.agent_prices.get(model) {
            manifest.agent_prices.insert(model.to_owned(), *price);
        }
    }

    fn add(&self, name: &Name, manifest: &mut Manifest) -> Result<(), String> {
        let definition = self.models.definitions.get(name).ok_or_else(|| {
            let reason = unknown(name, &self.models.definitions);
            format!("needs a language model that {reason}")
        })?;
        manifest.models.insert(name.clone(), definition.clone());
        Ok(())
    }
}

/// What was asked for, else what there is. Who asks for `none` wants no model.
fn choice(none: &str, asked: Option<&Name>, usual: Option<&Name>) -> Option<Name> {
    asked.or(usual).filter(|name| name.as_str() != none).cloned()
}

/// What the manifest says of who judges.
fn judges(manifest: &Manifest) -> String {
    let judge = manifest.plan.options.cast.judge.as_ref();
    judge.map_or_else(|| "as each metric says".to_owned(), Name::to_string)
}

fn unknown(name: &Name, known: &BTreeMap<Name, LanguageModel>) -> Invalid {
    let known: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
    let there_are = if known.is_empty() {
        "none is configured".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    };
    Invalid::new(format!("is not configured (`{name}`): {there_are}"))
}
