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
    let nats = std::path::absolute(&nats).map_err(|source| Failure::at_path(&nats, "has no absolute path", &source))?;
    let path = file(&nats);
    let document = document(options, &nats, port)?;
    let text = serde_json::to_string_pretty(&document)
        .map_err(|source| Failure::bug(format!("the configuration of nats-server cannot be written: {source}")))?;
    write_private(&path, text.as_bytes())?;
    Ok(path)
}

/// The server reads JSON as one of the forms of its configuration, so nothing needs a quoting of its own.
fn document(options: &Options, nats: &Path, port: Option<u16>) -> Result<Value, Failure> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::configuration(format!("{}: nats-server accepts only paths that are UTF-8", path.display()))
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
        user(&accounts.aggregator, Some(aggregator_permissions(&accounts.aggregator))),
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

/// A worker cannot append events, nor change or empty what others keep.
fn worker_permissions(user: &NatsUser) -> Value {
    json!({
        "publish": { "deny": forbidden_to_roles() },
        "subscribe": { "allow": [inbox(user), "ctl.>"] },
    })
}

/// An aggregator completes runs and stores artifacts; of the events it can append those of runs only, and it takes no jobs.
fn aggregator_permissions(user: &NatsUser) -> Value {
    json!({
        "publish": {
            "allow": ["evt.*.run.*", "live.>", "$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$O.OBJECTS.>", "$KV.>"],
            "deny": forbidden_to_all(),
        },
        "subscribe": { "allow": [inbox(user)] },
    })
}

fn forbidden_to_roles() -> Vec<&'static str> {
    [&["evt.>", "cmd.>", "qry.>"], forbidden_to_all()].concat()
}

/// What no role but the server does: taking streams away or putting others in their place.
const fn forbidden_to_all() -> &'static [&'static str] {
    &["$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.RESTORE.>", "$SYS.>"]
}

fn inbox(user: &NatsUser) -> String {
    format!("{}.>", user.inbox_prefix)
}
