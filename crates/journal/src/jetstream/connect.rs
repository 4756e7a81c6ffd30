//! Connecting, and whether the server will do.

use std::sync::Arc;

use async_nats::{ConnectErrorKind, ConnectOptions as NatsOptions};
use serde::Deserialize;

use super::{
    connection::Connection,
    failure::{Failure, code},
    options::{ConnectOptions, Credentials},
    signals::Signals,
};
use crate::JournalError;

const OPERATION: &str = "connect";
/// The first version with atomic batches and message schedules.
const OLDEST: (u64, u64) = (2, 12);

/// Connects; does not look at JetStream yet.
pub(super) async fn connect(options: &ConnectOptions) -> Result<Connection, JournalError> {
    let signals = Arc::new(Signals::new(options.inbox_prefix()));
    let nats = with_credentials(NatsOptions::new(), options).await?;
    let listener = Arc::clone(&signals);
    let mut nats = nats
        .name(&options.name)
        .connection_timeout(options.connect_timeout)
        .custom_inbox_prefix(options.inbox_prefix())
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            // Quick at first, since a restart takes less than a second; never slower than once a second.
            std::time::Duration::from_millis(
                u64::try_from(attempt)
                    .unwrap_or(u64::MAX)
                    .saturating_mul(50)
                    .min(1000),
            )
        })
        .event_callback(move |event| {
            listener.note(&event);
            std::future::ready(())
        });
    if let Some(root) = &options.tls_root {
        nats = nats.add_root_certificates(root.clone());
    }
    let mut first = signals.listen();
    let attempt = async {
        let client = nats.connect(options.urls.as_slice()).await?;
        // The news of the first connection is not to be taken for a second one later.
        first.hear("").await;
        Ok(client)
    };
    let connected = tokio::time::timeout(options.connect_timeout, attempt).await;
    let client = match connected {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return Err(connect_error(options, &error)),
        Err(_elapsed) => {
            let reason = format!(
                "{} did not answer within {:?}",
                options.shown_urls(),
                options.connect_timeout
            );
            return Err(JournalError::Unreachable {
                operation: OPERATION,
                reason,
            });
        }
    };
    drop(first);
    Ok(Connection {
        client,
        signals,
        inbox_prefix: options.inbox_prefix().into(),
    })
}

async fn with_credentials(nats: NatsOptions, options: &ConnectOptions) -> Result<NatsOptions, JournalError> {
    Ok(match &options.credentials {
        // The client takes no notice of what stands in the address.
        Credentials::None => match options.urls.iter().find_map(|url| url_credentials(url)) {
            Some((user, Some(password))) => nats.user_and_password(user, password),
            Some((token, None)) => nats.token(token),
            None => nats,
        },
        Credentials::UserPassword { user, password } => {
            nats.user_and_password(user.clone(), password.expose().to_owned())
        }
        Credentials::NkeySeed(seed) => nats.nkey(seed.expose().to_owned()),
        Credentials::Token(token) => nats.token(token.expose().to_owned()),
        Credentials::File(path) => {
            nats.credentials_file(path)
                .await
                .map_err(|error| JournalError::Refused {
                    operation: OPERATION,
                    reason: format!("the credentials file {} cannot be used: {error}", path.display()),
                })?
        }
    })
}

/// The user and password, or the token, of an address.
fn url_credentials(url: &str) -> Option<(String, Option<String>)> {
    let address: async_nats::ServerAddr = url.parse().ok()?;
    let user = address.username().map(decoded)?;
    Some((user, address.password().map(decoded)))
}

/// A text with its `%40` and the like replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        match escaped
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &escaped[2..];
            }
            None => {
                bytes.push(b'%');
                rest = escaped;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn connect_error(options: &ConnectOptions, error: &async_nats::ConnectError) -> JournalError {
    let urls = options.shown_urls();
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            JournalError::Forbidden {
                operation: OPERATION,
                reason: format!("{urls} does not accept the credentials"),
            }
        }
        // The text of this one may hold the address as written, password included.
        ConnectErrorKind::ServerParse => JournalError::Unsuitable {
            url: urls,
            reason: "this is not an address; write it as `nats://host:4222`".to_owned(),
        },
        ConnectErrorKind::Tls => JournalError::Unsuitable {
            url: urls,
            reason: format!("TLS: {error}"),
        },
        ConnectErrorKind::Dns
        | ConnectErrorKind::TimedOut
        | ConnectErrorKind::Io
        | ConnectErrorKind::MaxReconnects => JournalError::Unreachable {
            operation: OPERATION,
            reason: format!("{urls}: {error}"),
        },
    }
}

#[derive(Deserialize)]
struct Account {}

/// Checks that the server has what is needed: JetStream with atomic batches and message schedules.
pub(super) async fn check_suitable(
    connection: &Connection,
    options: &ConnectOptions,
) -> Result<(), JournalError> {
    let unsuitable = |reason: String| JournalError::Unsuitable {
        url: options.shown_urls(),
        reason,
    };
    let version = connection.client.server_info().version;
    if !is_new_enough(&version) {
        let (major, minor) = OLDEST;
        return Err(unsuitable(format!(
            "it is nats-server {version}, and atomic batches and message schedules need {major}.{minor} or newer; upgrade it"
        )));
    }
    let without_jetstream = || {
        unsuitable(
            "JetStream is not enabled; start nats-server with `--jetstream --store_dir DIR`, or enable it for the account"
                .to_owned(),
        )
    };
    if !connection.client.server_info().jetstream && connection.client.server_info().cluster.is_none() {
        return Err(without_jetstream());
    }
    match super::connection::persist(|| connection.ask::<Account>("INFO")).await {
        Ok(Account {}) => Ok(()),
        Err(failure) if failure.is(code::NOT_ENABLED) || failure.is(code::NOT_ENABLED_FOR_ACCOUNT) => {
            Err(without_jetstream())
        }
        Err(failure @ Failure::Forbidden(_)) => {
            Err(failure.into_error("reading the account's JetStream information"))
        }
        Err(failure) => Err(failure.into_error(OPERATION)),
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .split(['.', '-'])
        .map(|part| part.parse::<u64>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    found >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_an_address_are_found() {
        let password = |text: &str| Some(text.to_owned());
        let found = url_credentials("nats://ann:p%40ss%25@host:4222");
        assert_eq!(found, Some(("ann".to_owned(), password("p@ss%"))));
        assert_eq!(
            url_credentials("nats://t0ken@host"),
            Some(("t0ken".to_owned(), None))
        );
        assert_eq!(url_credentials("nats://host"), None);
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%é"), "%zz%é");
    }

    #[test]
    fn versions_compare_by_number() {
        for (version, expected) in [
            ("2.15.1", true),
            ("2.12.0-RC.1", true),
            ("3.0.0", true),
            ("2.9.10", false),
            ("2.11.99", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), expected, "{version}");
        }
    }
}
