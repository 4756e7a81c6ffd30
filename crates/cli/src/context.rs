//! Finding the server to talk to: by data directory, by the name of a context, or by address.

use std::path::PathBuf;

use model::{OrgId, Token, UserId};

use crate::{
    credentials::Credentials,
    data_dir::{DataDir, exposed_mode},
    failure::Failure,
    secret::Secret,
    settings::user_directory,
};

/// The data directory when nothing else is said.
pub(crate) const DEFAULT_DATA_DIR: &str = "rehearse-data";

const HOW_TO_NAME_ONE: &str = "\
Start one with `rehearse up --data-dir DIR` and name it with --data-dir DIR (or REHEARSE_DATA_DIR),
or name a context with --context NAME (or REHEARSE_CONTEXT): a credentials.json at ~/.config/rehearse/contexts/NAME.json,
or give the address of its nats-server with --nats URL (or REHEARSE_NATS_URL).";

/// What was said about the server to talk to.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the server is")]
pub(crate) struct Where {
    /// The data directory of the server
    #[arg(long, value_name = "DIR", env = "REHEARSE_DATA_DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// The name of a context: a credentials.json at ~/.config/rehearse/contexts/NAME.json
    #[arg(long, value_name = "NAME", env = "REHEARSE_CONTEXT", global = true)]
    pub(crate) context: Option<String>,

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

    /// The organization, with --nats
    #[arg(
        long,
        value_name = "ID",
        env = "REHEARSE_ORGANIZATION",
        global = true,
        hide_short_help = true
    )]
    pub(crate) organization: Option<OrgId>,

    /// Who asks, with --nats
    #[arg(
        long,
        value_name = "ID",
        env = "REHEARSE_USER",
        global = true,
        hide_short_help = true
    )]
    pub(crate) user: Option<UserId>,
}

/// A way to a server.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// How to enter it.
    pub(crate) credentials: Credentials,
    /// A credentials file of the nats-server, if that is how.
    pub(crate) nats_credentials: Option<PathBuf>,
    /// How it was found, for people.
    pub(crate) how: String,
}

impl Where {
    /// Finds the server. An address goes before a data directory, that before a context.
    pub(crate) fn find(&self) -> Result<Found, Failure> {
        if self.nats_url.is_some() {
            return self.by_address();
        }
        if let Some(root) = &self.data_dir {
            return in_data_dir(&DataDir::at(root));
        }
        if let Some(name) = &self.context {
            return by_name(name);
        }
        let usual = DataDir::at(DEFAULT_DATA_DIR);
        if usual.root().is_dir() {
            return in_data_dir(&usual);
        }
        Err(Failure::configuration("nothing says where the server is").help(HOW_TO_NAME_ONE))
    }

    fn by_address(&self) -> Result<Found, Failure> {
        let user_id: UserId = self
            .user
            .clone()
            .map_or_else(|| "admin".parse(), Ok)
            .map_err(not_a_token)?;
        let organization_id: OrgId = self
            .organization
            .clone()
            .map_or_else(|| "local".parse(), Ok)
            .map_err(not_a_token)?;
        let inbox_prefix = format!("_INBOX.{organization_id}.{user_id}");
        let credentials = Credentials {
            nats_url: self.nats_url.clone().unwrap_or_default(),
            organization_id,
            user_id,
            user: self.nats_user.clone(),
            password: self.password()?,
            inbox_prefix,
            api_key_id: None,
            api_key: None,
            worker: None,
            aggregator: None,
        };
        let how = "--nats (or REHEARSE_NATS_URL)".to_owned();
        Ok(Found {
            credentials,
            nats_credentials: self.nats_credentials.clone(),
            how,
        })
    }

    /// The password for `--nats`: of a file, else of the environment.
    pub(crate) fn password(&self) -> Result<Option<Secret>, Failure> {
        match &self.nats_password_file {
            Some(path) => std::fs::read_to_string(path)
                .map(|text| Some(Secret::from(text.trim_end_matches(['\r', '\n']).to_owned())))
                .map_err(|source| Failure::at_path(path, "cannot be read", &source)),
            None => Ok(std::env::var("REHEARSE_NATS_PASSWORD")
                .ok()
                .filter(|text| !text.is_empty())
                .map(Secret::from)),
        }
    }

    /// The data directory that a server is to use.
    pub(crate) fn data_dir(&self) -> DataDir {
        DataDir::at(
            self.data_dir
                .clone()
                .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR)),
        )
    }
}

fn not_a_token(invalid: model::Invalid) -> Failure {
    Failure::usage(invalid.to_string())
}

fn in_data_dir(dir: &DataDir) -> Result<Found, Failure> {
    let path = dir.credentials();
    let how = path.display().to_string();
    match Credentials::read(&path)? {
        Some(credentials) => Ok(Found {
            credentials,
            nats_credentials: None,
            how,
        }),
        None => Err(Failure::unreachable(format!(
            "{how}: there are no credentials, so no server was ever started there"
        ))
        .help(format!(
            "Start it with `rehearse up --data-dir {}`.",
            dir.root().display()
        ))),
    }
}

fn by_name(name: &str) -> Result<Found, Failure> {
    let checked: Token = name
        .parse()
        .map_err(|invalid| Failure::usage(format!("`{name}` cannot be the name of a context: {invalid}")))?;
    let directory = user_directory()
        .ok_or_else(|| {
            Failure::configuration("neither XDG_CONFIG_HOME nor HOME is set, so there are no contexts")
        })?
        .join("contexts");
    let path = directory.join(format!("{checked}.json"));
    let Some(credentials) = Credentials::read(&path)? else {
        return Err(
            Failure::configuration(format!("{}: there is no such context", path.display()))
                .help("Copy the credentials.json of a server there, with mode 0600."),
        );
    };
    if let Ok(Some(mode)) = exposed_mode(&path) {
        return Err(Failure::configuration(format!(
            "{}: others can read it (mode {mode:04o})",
            path.display()
        ))
        .help(format!("Run `chmod 600 {}`.", path.display())));
    }
    Ok(Found {
        credentials,
        nats_credentials: None,
        how: path.display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn an_address_goes_before_everything() {
        let place = Where {
            nats_url: Some("nats://host:4222".to_owned()),
            data_dir: Some(PathBuf::from("/nowhere")),
            organization: Some("acme".parse().expect("a token")),
            ..Where::default()
        };
        let found = place.find().expect("it is an address");
        assert_eq!(found.credentials.nats_url, "nats://host:4222");
        assert_eq!(found.credentials.inbox_prefix, "_INBOX.acme.admin");
    }

    #[test]
    fn a_directory_without_a_server_says_how_to_start_one() {
        let temp = tempfile::tempdir().expect("a directory");
        let place = Where {
            data_dir: Some(temp.path().to_owned()),
            ..Where::default()
        };
        let failure = place.find().expect_err("there is no server");
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(
            failure
                .help
                .is_some_and(|help| help.starts_with("Start it with `rehearse up --data-dir "))
        );
    }

    #[test]
    fn a_context_cannot_lead_elsewhere() {
        let place = Where {
            context: Some("../../etc/passwd".to_owned()),
            ..Where::default()
        };
        assert_eq!(place.find().expect_err("it is no name").exit, Exit::Usage);
    }
}
