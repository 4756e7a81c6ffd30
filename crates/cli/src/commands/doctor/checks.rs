//! What is looked at, in the order in which things depend on each other.

use api::bus::{DeadLetters, LogStatus, Status};
use model::Time;
use serde_json::{Value, json};

use super::{super::Setting, Finding};
use crate::{
    client::{Client, Page, text_at},
    context::{Found, Transport},
    credentials::read_private,
    data_dir::{DataDir, exposed_mode},
    embedded::Binary,
    failure::Failure,
    link::Link,
    roles::{now, provision::Keys},
    settings::Settings,
};

/// A difference between clocks that people should know of, in milliseconds.
const MAX_CLOCK_SKEW_MS: u64 = 5_000;
/// A run without a single result after this long lacks a worker, in milliseconds.
const STALLED_AFTER_MS: u64 = 60_000;
/// Messages that a view may be behind for a moment.
const MAX_LAG: u64 = 1_000;

/// Looks at everything. What depends on something that is broken is left out.
pub(super) async fn all(setting: &Setting) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("rehearse", env!("CARGO_PKG_VERSION"))];
    let settings = match setting.settings(|places| places) {
        Ok((settings, _layers)) => settings,
        Err(failure) => {
            findings.push(Finding::broken("settings", failure));
            return findings;
        }
    };
    findings.push(Finding::ok("settings", "can be read"));
    let found = match setting.global.place.find() {
        Ok(found) => found,
        Err(failure) => {
            findings.push(Finding::broken("server", failure));
            return findings;
        }
    };
    findings.push(Finding::ok("server", format!("found by {}", found.how)));
    if let Some(data_dir) = &found.data_dir {
        findings.push(private(data_dir));
        findings.push(binary(&settings));
        findings.extend(streams(data_dir, &found, &settings).await);
    }
    let transport = found.transport;
    match Client::enter(found, setting, &settings).await {
        Ok(client) => findings.extend(answers(&client.impatient(), transport).await),
        Err(failure) => findings.push(Finding::broken(
            match transport {
                Transport::Bus => "nats-server",
                Transport::Http => "http",
            },
            failure,
        )),
    }
    findings
}

/// Nobody but its owner may read the data directory.
fn private(data_dir: &DataDir) -> Finding {
    let paths = [
        data_dir.root().to_owned(),
        data_dir.credentials(),
        data_dir.keys(),
        data_dir.secret_key(),
        data_dir.nats(),
        data_dir.projections(),
    ];
    for path in paths.into_iter().filter(|path| path.exists()) {
        match exposed_mode(&path) {
            Ok(None) => {}
            Ok(Some(mode)) => {
                let failure = Failure::configuration(format!(
                    "{}: others may use it (mode {mode:04o})",
                    path.display()
                ));
                return Finding::broken(
                    "privacy",
                    failure.help(format!("Run `chmod go= {}`.", path.display())),
                );
            }
            Err(source) => {
                return Finding::broken("privacy", Failure::at_path(&path, "cannot be looked at", &source));
            }
        }
    }
    Finding::ok(
        "privacy",
        format!("{} is for its owner only", data_dir.root().display()),
    )
}

fn binary(settings: &Settings) -> Finding {
    match Binary::find(settings.nats.server()) {
        Ok(binary) => Finding::ok(
            "binary",
            format!("nats-server {} at {}", binary.version, binary.path.display()),
        ),
        // A server that runs does not need it; the next start will.
        Err(failure) => Finding::warning("binary", failure.message, failure.help.unwrap_or_default()),
    }
}

/// With the server's own keys the streams can be looked at too.
async fn streams(data_dir: &DataDir, found: &Found, settings: &Settings) -> Option<Finding> {
    found.credentials.worker.as_ref()?;
    let keys: Keys = match read_private(&data_dir.keys()) {
        Ok(keys) => keys?,
        Err(failure) => return Some(Finding::broken("streams", failure)),
    };
    let url = found.credentials.nats_url.as_deref()?;
    let link = Link::of_user(url, &keys.nats.server);
    Some(match link.journal("rehearse doctor", settings).await {
        Ok(journal) => Finding::ok("streams", format!("as they should be, at {}", journal.urls())),
        Err(failure) => Finding::broken("streams", failure),
    })
}

async fn answers(client: &Client, transport: Transport) -> Vec<Finding> {
    let check = match transport {
        Transport::Bus => "bus",
        Transport::Http => "http",
    };
    let status: Status = match client.query("server", "status", &json!({})).await {
        Ok(status) => status,
        Err(error) => return vec![Finding::broken(check, error.into())],
    };
    let answers = format!("{} answers, up for {} s", status.build, status.uptime_ms / 1000);
    vec![
        Finding::ok(check, answers),
        clock(&status),
        view("events", &status.events),
        view("results", &status.results),
        dead_letters(client).await,
        workers(client).await,
    ]
}

fn clock(status: &Status) -> Finding {
    let theirs = status.started_at.plus_millis(status.uptime_ms);
    let ours = now();
    let apart = ours.millis_since(theirs).max(theirs.millis_since(ours));
    if apart <= MAX_CLOCK_SKEW_MS {
        return Finding::ok("clock", "agrees with the server's");
    }
    let detail = format!("is {} s apart from the server's", apart / 1000);
    Finding::warning(
        "clock",
        detail,
        "Order comes from sequences, times are for people; still, synchronize the clocks.",
    )
}

fn view(check: &'static str, log: &LogStatus) -> Finding {
    let detail = format!("{} of {} projected", log.projected_sequence, log.last_sequence);
    if log.lag <= MAX_LAG {
        return Finding::ok(check, detail);
    }
    Finding::warning(
        check,
        detail,
        "The server is catching up. If the number does not move, look at its log.",
    )
}

async fn dead_letters(client: &Client) -> Finding {
    match client
        .query::<DeadLetters>("deadletter", "list", &json!({ "limit": 1000 }))
        .await
    {
        Err(error) => Finding::broken("given up", error.into()),
        Ok(letters) if letters.dead_letters.is_empty() => Finding::ok("given up", "no conversation"),
        Ok(letters) => {
            let newest = letters.dead_letters.last();
            let cause = newest
                .and_then(|letter| letter.failures.last())
                .map_or("", |failure| failure.cause.as_str());
            let detail = format!(
                "{} conversation(s), the last because: {cause}",
                letters.dead_letters.len()
            );
            Finding::warning(
                "given up",
                detail,
                "Their runs say `errored` for them. Mend the cause and run again.",
            )
        }
    }
}

/// Workers do not announce themselves; a run that gets nowhere shows that they are missing.
async fn workers(client: &Client) -> Finding {
    let request = json!({ "is_completed": false, "limit": 50 });
    let page = match client.query("run", "list", &request).await {
        Ok(answer) => Page::of(answer),
        Err(error) => return Finding::broken("workers", error.into()),
    };
    match page.items.iter().find(|run| is_stalled(run, now())) {
        None => Finding::ok("workers", format!("{} run(s) under way", page.items.len())),
        Some(run) => Finding::warning(
            "workers",
            format!("run {} has no result after a minute", text_at(run, "/id")),
            "Is a worker running? `rehearse worker --data-dir DIR` starts one.",
        ),
    }
}

fn is_stalled(run: &Value, now: Time) -> bool {
    let started: Option<Time> = text_at(run, "/created_at").parse().ok();
    let is_old = started.is_some_and(|started| now.millis_since(started) > STALLED_AFTER_MS);
    let count = |word: &&str| {
        run.pointer(&format!("/rehearse/tally/{word}"))
            .and_then(Value::as_u64)
    };
    let finished: u64 = ["passed", "failed", "invalid", "errored"]
        .iter()
        .filter_map(count)
        .sum();
    is_old && finished == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_results_is_stalled_after_a_while() {
        let run = |passed: u32| json!({"created_at": "2026-01-31T09:30:00Z", "rehearse": {"tally": {"passed": passed}}});
        let at = |text: &str| text.parse::<Time>().expect("a time");
        assert!(!is_stalled(&run(0), at("2026-01-31T09:30:30Z")));
        assert!(is_stalled(&run(0), at("2026-01-31T09:32:00Z")));
        assert!(!is_stalled(&run(1), at("2026-01-31T09:32:00Z")));
    }
}
