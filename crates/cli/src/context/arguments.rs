//! What can be typed about the server to talk to. What it means is decided elsewhere.

use std::path::PathBuf;

use model::{ApiKeyId, OrgId, UserId};

/// What was said about the server to talk to.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the server is")]
pub(crate) struct Where {
    /// The data directory of the server
    #[arg(long, value_name = "DIR", env = "REHEARSE_DATA_DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// The name of a context; `rehearse context --help` explains
    #[arg(long, value_name = "NAME", env = "REHEARSE_CONTEXT", global = true)]
    pub(crate) context: Option<String>,

    /// The address of a server's HTTP API, such as `https://rehearse.example.com`
    #[arg(
        long = "server",
        value_name = "URL",
        env = "REHEARSE_SERVER",
        hide_env_values = true,
        global = true
    )]
    pub(crate) server_url: Option<String>,

    /// A file of certificates (PEM) to trust beside the system's, with --server
    #[arg(
        long,
        value_name = "FILE",
        env = "REHEARSE_SERVER_CA",
        global = true,
        hide_short_help = true
    )]
    pub(crate) server_ca: Option<PathBuf>,

    /// The id of the API key to sign in with, with --server; the key itself is in `REHEARSE_API_KEY`
    #[arg(
        long,
        value_name = "ID",
        env = "REHEARSE_API_KEY_ID",
        global = true,
        hide_short_help = true
    )]
    pub(crate) api_key_id: Option<ApiKeyId>,

    /// A file that holds the API key, instead of `REHEARSE_API_KEY`
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Taken only to be refused.
    #[arg(long, value_name = "KEY", global = true, hide = true, num_args = 0..=1, default_missing_value = "", value_parser = Exposed::of)]
    pub(crate) api_key: Option<Exposed>,

    /// The address of a nats-server, such as `nats://host:4222`
    #[arg(
        long = "nats",
        value_name = "URL",
        env = "REHEARSE_NATS_URL",
        hide_env_values = true,
        global = true
    )]
    pub(crate) nats_url: Option<String>,

    /// The user of the nats-server, with --nats
    #[arg(
        long,
        value_name = "NAME",
        env = "REHEARSE_NATS_USER",
        global = true,
        hide_short_help = true
    )]
    pub(crate) nats_user: Option<String>,

    /// A file that holds the password of that user; or set `REHEARSE_NATS_PASSWORD`
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    pub(crate) nats_password_file: Option<PathBuf>,

    /// A credentials file of the nats-server (JWT and seed), with --nats
    #[arg(
        long,
        value_name = "FILE",
        env = "REHEARSE_NATS_CREDENTIALS",
        global = true,
        hide_short_help = true
    )]
    pub(crate) nats_credentials: Option<PathBuf>,

    /// A file of certificates (PEM) to trust beside the system's, with --nats
    #[arg(
        long,
        value_name = "FILE",
        env = "REHEARSE_NATS_CA",
        global = true,
        hide_short_help = true
    )]
    pub(crate) nats_ca: Option<PathBuf>,

    /// The organization, with --server or --nats
    #[arg(
        long,
        value_name = "ID",
        env = "REHEARSE_ORGANIZATION",
        global = true,
        hide_short_help = true
    )]
    pub(crate) organization: Option<OrgId>,

    /// Who asks, with --server or --nats
    #[arg(
        long,
        value_name = "ID",
        env = "REHEARSE_USER_ID",
        global = true,
        hide_short_help = true
    )]
    pub(crate) user: Option<UserId>,

    /// Which of these were typed; the others come from the environment, and what was typed goes before all of that.
    #[arg(skip)]
    pub(crate) typed: Vec<&'static str>,
}

/// A secret that was typed. It is not kept: all that matters is that it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exposed;

impl Exposed {
    #[expect(clippy::unnecessary_wraps, reason = "the parser of arguments wants a result")]
    fn of(_secret: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self)
    }
}

/// The arguments that name a server, each of them enough.
pub(crate) const NAMING: [&str; 4] = ["server_url", "nats_url", "data_dir", "context"];
