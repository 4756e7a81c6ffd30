//! The child's configuration: this machine only, everything on disk, and who may do what.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Options;
use crate::{data_dir::write_private, failure::Failure, secret::Secret};

/// A user of the nats-server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NatsUser {
    /// Its name.
    pub(crate) user: String,
    /// Its password.
    pub(crate) password: Secret,
    /// Where it may receive answers.
    pub(crate) inbox_prefix: String,
}

/// The users of the nats-server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accounts {
    /// May do everything.
    pub(crate) server: NatsUser,
    /// May ask the server, as the first user of the first organization.
    pub(crate) client: NatsUser,
    /// May take jobs and publish turns and results.
    pub(crate) worker: NatsUser,
    /// May read results and store artifacts.
    pub(crate) aggregator: NatsUser,
}

impl Accounts {
    /// New users, with new passwords, for the user `user` of the organization `organization`.
    pub(crate) fn generate(organization: &str, user: &str) -> Result<Self, Failure> {
        let new = |name: &str, inbox: &str| {
            Ok::<_, Failure>(NatsUser {
                user: name.to_owned(),
                password: Secret::generate()?,
                inbox_prefix: format!("_INBOX.{inbox}"),
            })
        };
        Ok(Self {
            server: new("server", "server")?,
            client: new(user, &format!("{organization}.{user}"))?,
            worker: new("worker", "worker")?,
            aggregator: new("aggregator", "aggregator")?,
        })
    }
}

/// Where the configuration lies.
pub(super) fn file(nats: &Path) -> PathBuf {
    nats.join("nats.conf")
}

/// Writes the configuration for a port (none: any) and returns where it is.
pub(super) fn write(options: &Options, port: Option<u16>) -> Result<PathBuf, Failure> {
    let nats = options.data_dir.nats();
    let nats = std::path::absolute(&nats)
        .map_err(|source| Failure::at_path(&nats, "has no absolute path", &source))?;
    let path = file(&nats);
    let document = document(options, &nats, port)?;
    let text = serde_json::to_string_pretty(&document).map_err(|source| {
        Failure::bug(format!(
            "the configuration of nats-server cannot be written: {source}"
        ))
    })?;
    write_private(&path, text.as_bytes())?;
    Ok(path)
}

/// The server reads JSON as one of the forms of its configuration, so nothing needs a quoting of its own.
fn document(options: &Options, nats: &Path, port: Option<u16>) -> Result<Value, Failure> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::configuration(format!(
                "{}: nats-server accepts only paths that are UTF-8",
                path.display()
            ))
        })
    };
    Ok(json!({
        "server_name": "rehearse",
        "host": "127.0.0.1",
        "port": port.map_or(-1, i32::from),
        "pid_file": text(&nats.join("nats.pid"))?,
        "ports_file_dir": text(nats)?,
        "max_payload": options.max_payload_bytes,
        "jetstream": {
            "store_dir": text(nats)?,
            "sync_interval": options.sync_interval,
        },
        "authorization": { "users": users(&options.accounts) },
    }))
}

fn users(accounts: &Accounts) -> Value {
    let user = |user: &NatsUser, permissions: Option<Value>| {
        let mut entry = json!({ "user": user.user, "password": user.password.expose() });
        if let Some(permissions) = permissions {
            entry["permissions"] = permissions;
        }
        entry
    };
    json!([
        user(&accounts.server, None),
        user(&accounts.client, Some(client_permissions(&accounts.client))),
        user(&accounts.worker, Some(worker_permissions(&accounts.worker))),
        user(
            &accounts.aggregator,
            Some(aggregator_permissions(&accounts.aggregator))
        ),
    ])
}

/// A client asks, and listens to answers and to progress. It cannot touch the streams.
fn client_permissions(user: &NatsUser) -> Value {
    let scope = user.inbox_prefix.trim_start_matches("_INBOX.");
    let organization = scope.split('.').next().unwrap_or(scope);
    json!({
        "publish": { "allow": [format!("cmd.{scope}.>"), format!("qry.{scope}.>"), "$SRV.>"] },
        "subscribe": { "allow": [inbox(user), format!("live.{organization}.>")] },
    })
}

/// What every role may ask of the log: to read it.
const READING: [&str; 9] = [
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.DIRECT.GET.>",
    "$JS.API.CONSUMER.INFO.>",
    "$JS.API.CONSUMER.CREATE.EVENTS.>",
    "$JS.API.CONSUMER.CREATE.RESULTS.>",
    "$JS.API.CONSUMER.CREATE.TURNS.>",
    "$JS.FC.>",
];

/// A worker takes jobs, publishes turns, results and progress, and asks agents that wait for requests. It appends no events and changes
/// nothing that is kept.
const WORKING: [&str; 8] = [
    "$JS.API.CONSUMER.MSG.NEXT.JOBS.workers",
    "$JS.ACK.JOBS.>",
    "turn.>",
    "res.>",
    "retry.>",
    "dlq.>",
    "live.>",
    "agt.*.*",
];

/// An aggregator stores artifacts and completes runs. It touches no other object.
const AGGREGATING: [&str; 4] = [
    "evt.*.run.*",
    "$O.OBJECTS.>",
    "$JS.API.STREAM.PURGE.OBJ_OBJECTS",
    "live.>",
];

fn worker_permissions(user: &NatsUser) -> Value {
    let publish: Vec<&str> = READING.iter().chain(&WORKING).copied().collect();
    json!({ "publish": { "allow": publish }, "subscribe": { "allow": [inbox(user), "ctl.>"] } })
}

fn aggregator_permissions(user: &NatsUser) -> Value {
    let publish: Vec<&str> = READING.iter().chain(&AGGREGATING).copied().collect();
    json!({ "publish": { "allow": publish }, "subscribe": { "allow": [inbox(user)] } })
}

fn inbox(user: &NatsUser) -> String {
    format!("{}.>", user.inbox_prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_can_ask_for_itself_only() {
        let accounts = Accounts::generate("local", "admin").expect("random bytes");
        assert_eq!(
            client_permissions(&accounts.client),
            json!({
                "publish": { "allow": ["cmd.local.admin.>", "qry.local.admin.>", "$SRV.>"] },
                "subscribe": { "allow": ["_INBOX.local.admin.>", "live.local.>"] },
            })
        );
    }

    #[test]
    fn roles_do_not_share_what_they_may_publish() {
        assert!(
            WORKING
                .iter()
                .all(|subject| !subject.starts_with("evt") && !subject.starts_with("$O"))
        );
        assert!(
            AGGREGATING
                .iter()
                .all(|subject| !subject.starts_with("res") && !subject.contains("JOBS"))
        );
    }

    #[test]
    fn every_user_has_a_password_of_its_own() {
        let accounts = Accounts::generate("local", "admin").expect("random bytes");
        let users = [
            &accounts.server,
            &accounts.client,
            &accounts.worker,
            &accounts.aggregator,
        ];
        let passwords: std::collections::BTreeSet<&str> =
            users.iter().map(|user| user.password.expose()).collect();
        assert_eq!(passwords.len(), users.len());
    }
}
