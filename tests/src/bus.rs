//! A server on a real nats-server, in this process, for clients that are not ours.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use journal::{ConnectOptions, Credentials, JetStream, Secret, StreamOptions};
use testkit::nats::NatsServer;

/// The password of a user of a test.
pub fn password(user: &str) -> String {
    format!("{user}-secret")
}

/// A nats-server's configuration with the server's own user and one for each of `clients`: name, what it may publish and what it may
/// subscribe to.
pub fn accounts(clients: &[(&str, &[&str], &[&str])]) -> String {
    let list = |subjects: &[&str]| {
        let quoted: Vec<String> = subjects.iter().map(|subject| format!("\"{subject}\"")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let mut users = format!("{{ user: server, password: \"{}\" }}\n", password("server"));
    for (name, publish, subscribe) in clients {
        let _ = writeln!(
            users,
            "{{ user: {name}, password: \"{}\", permissions: {{ publish: {{ allow: {} }}, subscribe: {{ allow: {} }} }} }}",
            password(name),
            list(publish),
            list(subscribe)
        );
    }
    format!("authorization {{ users: [\n{users}] }}\nmax_payload: 8388608\n")
}

/// Connects as one of the users.
pub async fn connect(nats: &NatsServer, user: &str, inbox_prefix: Option<&str>) -> Arc<JetStream> {
    Arc::new(
        JetStream::connect(options(nats, user, inbox_prefix), StreamOptions::default())
            .await
            .expect("it connects"),
    )
}

/// How one of the users connects.
pub fn options(nats: &NatsServer, user: &str, inbox_prefix: Option<&str>) -> ConnectOptions {
    let mut options = ConnectOptions::new(nats.url());
    options.credentials = Credentials::UserPassword {
        user: user.to_owned(),
        password: Secret::new(password(user)),
    };
    options.inbox_prefix = inbox_prefix.map(str::to_owned);
    options.connect_timeout = Duration::from_secs(10);
    options
}
