//! Finding the server to talk to: by address, by data directory, or by the name of a context.

mod arguments;
mod http;
mod store;

use std::path::PathBuf;

use arguments::Exposed;
pub(crate) use arguments::{NAMING, Where};
use model::{OrgId, UserId};
pub(crate) use store::{Contexts, context_name};

use crate::{credentials::Credentials, data_dir::DataDir, failure::Failure, secret::Secret};

/// The data directory when nothing else is said.
pub(crate) const DEFAULT_DATA_DIR: &str = "rehearse-data";

const HOW_TO_NAME_ONE: &str = "\
Start one with `rehearse up --data-dir DIR` and name it with --data-dir DIR (or REHEARSE_DATA_DIR),
or give the address of its HTTP API with --server URL (or REHEARSE_SERVER),
or name a context with --context NAME (or REHEARSE_CONTEXT); `rehearse context add` makes one and `rehearse context use` chooses one,
or give the address of its nats-server with --nats URL (or REHEARSE_NATS_URL).";

/// One of the arguments that name a server.
#[derive(Clone, Copy, Debug)]
enum Named<'a> {
    Server(&'a str),
    Nats(&'a str),
    DataDir(&'a PathBuf),
    Context(&'a str),
}

/// How a server is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Over NATS.
    Bus,
    /// Over HTTP.
    Http,
}

/// A way to a server.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// How to enter it.
    pub(crate) credentials: Credentials,
    /// A credentials file of the nats-server, if that is how.
    pub(crate) nats_credentials: Option<PathBuf>,
    /// How it is talked to.
    pub(crate) transport: Transport,
    /// The data directory by which it was found, if it was.
    pub(crate) data_dir: Option<DataDir>,
    /// How it was found, for people.
    pub(crate) how: String,
}

impl Found {
    /// Where its nats-server is.
    pub(crate) fn nats_url(&self) -> Result<&str, Failure> {
        self.credentials.nats_url.as_deref().ok_or_else(|| {
            Failure::usage(format!(
                "{} names no nats-server, and this works with one only",
                self.how
            ))
            .help("Name one with --data-dir DIR or --nats URL.")
        })
    }
}

impl Where {
    /// Finds the server. What was typed goes before the environment; of several that stand equal, an address goes before a data
    /// directory, and that before a context. If nothing names one it is `rehearse-data`, if that is there, else the current context.
    pub(crate) fn find(&self) -> Result<Found, Failure> {
        match self.named()? {
            Some(Named::Server(url)) => self.by_server(url),
            Some(Named::Nats(url)) => self.by_address(url),
            Some(Named::DataDir(root)) => in_data_dir(&DataDir::at(root)),
            Some(Named::Context(name)) => self.by_name(name),
            None => {
                let usual = DataDir::at(DEFAULT_DATA_DIR);
                if usual.root().is_dir() {
                    return in_data_dir(&usual);
                }
                match Contexts::current_name()? {
                    Some(name) => self.by_name(name.as_str()),
                    None => {
                        Err(Failure::configuration("nothing says where the server is").help(HOW_TO_NAME_ONE))
                    }
                }
            }
        }
    }

    /// What names the server.
    fn named(&self) -> Result<Option<Named<'_>>, Failure> {
        let among = |typed: bool| -> Result<Option<Named<'_>>, Failure> {
            let counts = |name: &str| self.typed.contains(&name) == typed;
            let server = self.server_url.as_deref().filter(|_| counts("server_url"));
            let nats = self.nats_url.as_deref().filter(|_| counts("nats_url"));
            if server.is_some() && nats.is_some() {
                let message = if typed {
                    "--server and --nats name a server each"
                } else {
                    "REHEARSE_SERVER and REHEARSE_NATS_URL name a server each"
                };
                return Err(Failure::usage(message)
                    .help("Name one: --server URL speaks HTTP, --nats URL speaks over the bus."));
            }
            let data_dir = self.data_dir.as_ref().filter(|_| counts("data_dir"));
            let context = self.context.as_deref().filter(|_| counts("context"));
            Ok(server
                .map(Named::Server)
                .or_else(|| nats.map(Named::Nats))
                .or_else(|| data_dir.map(Named::DataDir))
                .or_else(|| context.map(Named::Context)))
        };
        Ok(among(true)?.or(among(false)?))
    }

    /// Refuses secrets that were typed.
    pub(crate) fn refuse_exposed(&self) -> Result<(), Failure> {
        match self.api_key {
            None => Ok(()),
            Some(Exposed) => Err(Failure::usage(
                "an API key does not belong on the command line: other users of the machine and the shell's history see it",
            )
            .help(
                "Set REHEARSE_API_KEY, or name a file that holds the key with --api-key-file FILE.\n\
                 Revoke the key that was typed, if it was a real one.",
            )),
        }
    }

    fn by_address(&self, url: &str) -> Result<Found, Failure> {
        let (organization_id, user_id) = self.identity(None)?;
        let credentials = Credentials {
            nats_url: Some(url.to_owned()),
            user: self.nats_user.clone(),
            password: self.password()?,
            ..Credentials::of(organization_id, user_id)
        };
        Ok(Found {
            credentials,
            nats_credentials: self.nats_credentials.clone(),
            transport: Transport::Bus,
            data_dir: None,
            how: "--nats (or REHEARSE_NATS_URL)".to_owned(),
        })
    }

    /// A context: over HTTP if it knows no nats-server.
    fn by_name(&self, name: &str) -> Result<Found, Failure> {
        let contexts = Contexts::of_user()?;
        let name = context_name(name)?;
        let credentials = contexts.read(&name)?;
        let how = contexts.path(&name).display().to_string();
        match &credentials.nats_url {
            Some(_) => Ok(Found {
                credentials,
                nats_credentials: None,
                transport: Transport::Bus,
                data_dir: None,
                how,
            }),
            None => self.over_http(
                credentials.base_url.clone().unwrap_or_default(),
                Some(credentials),
                how,
            ),
        }
    }

    /// Who asks: as was said, else as the credentials say, else as a first start makes them.
    fn identity(&self, credentials: Option<&Credentials>) -> Result<(OrgId, UserId), Failure> {
        let not_a_token = |invalid: model::Invalid| Failure::usage(invalid.to_string());
        let organization = self
            .organization
            .clone()
            .or_else(|| credentials.map(|credentials| credentials.organization_id.clone()));
        let user = self
            .user
            .clone()
            .or_else(|| credentials.map(|credentials| credentials.user_id.clone()));
        Ok((
            organization
                .map_or_else(|| "local".parse(), Ok)
                .map_err(not_a_token)?,
            user.map_or_else(|| "admin".parse(), Ok).map_err(not_a_token)?,
        ))
    }

    /// The password for `--nats`: of a file, else of the environment.
    pub(crate) fn password(&self) -> Result<Option<Secret>, Failure> {
        Secret::given(self.nats_password_file.as_deref(), "REHEARSE_NATS_PASSWORD")
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

fn in_data_dir(dir: &DataDir) -> Result<Found, Failure> {
    let path = dir.credentials();
    let how = path.display().to_string();
    match Credentials::read(&path)? {
        Some(credentials) => Ok(Found {
            credentials,
            nats_credentials: None,
            transport: Transport::Bus,
            data_dir: Some(dir.clone()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn an_address_goes_before_everything() {
        let place = Where {
            nats_url: Some("nats://host:4222".to_owned()),
            data_dir: Some(PathBuf::from("/nowhere")),
            context: Some("other".to_owned()),
            organization: Some("acme".parse().expect("a token")),
            ..Where::default()
        };
        let found = place.find().expect("it is an address");
        assert_eq!(found.transport, Transport::Bus);
        assert_eq!(found.nats_url(), Ok("nats://host:4222"));
        assert_eq!(found.credentials.inbox_prefix(), "_INBOX.acme.admin");
    }

    #[test]
    fn what_was_typed_goes_before_the_environment() {
        let place = Where {
            server_url: Some("https://host".to_owned()),
            nats_url: Some("nats://host:4222".to_owned()),
            ..Where::default()
        };
        let named = |typed: &[&'static str]| Where {
            typed: typed.to_vec(),
            ..place.clone()
        };
        assert_eq!(place.find().expect_err("both are set").exit, Exit::Usage);
        let found = named(&["nats_url"]).find().expect("it was typed");
        assert_eq!(found.transport, Transport::Bus);
        assert!(matches!(
            named(&["server_url"]).named(),
            Ok(Some(Named::Server("https://host")))
        ));
        let directory = Where {
            data_dir: Some(PathBuf::from("/data")),
            nats_url: None,
            ..named(&["data_dir"])
        };
        assert!(matches!(directory.named(), Ok(Some(Named::DataDir(_)))));
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
