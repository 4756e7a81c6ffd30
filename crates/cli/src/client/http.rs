//! Requests over HTTP: the client for what was found, and what its errors mean for the caller.

use std::{fs, io::Read as _, path::Path, sync::Arc};

use api::{
    client::{Client, ClientError, ClientOptions, Credentials, Secret},
    error::Problem,
};

use super::{OTHER_VERSION, RequestError, token_file::TokenFile};
use crate::{
    context::Found,
    exit::Exit,
    failure::{Failure, chain},
};

/// The largest file of certificates, in bytes.
const MAX_CERTIFICATES_BYTES: u64 = 4 * 1024 * 1024;

/// A client of the server that was found.
pub(super) fn client(found: &Found) -> Result<Client, Failure> {
    let known = &found.credentials;
    let (Some(base_url), Some(api_key_id), Some(api_key)) =
        (&known.base_url, known.api_key_id, &known.api_key)
    else {
        return Err(Failure::configuration(format!(
            "{}: lacks the address of the HTTP API, or the API key",
            found.how
        )));
    };
    let credentials = Credentials {
        api_key_id,
        api_key: Secret::new(api_key.expose()),
        user_id: known.user_id.clone(),
    };
    let mut options = ClientOptions::new(base_url.as_str(), known.organization_id.clone(), credentials);
    if let Some(path) = &known.server_ca {
        options.transport.certificates = Some(certificates(path)?);
    }
    if let Some(file) = TokenFile::of(known) {
        options.token_store = Some(Arc::new(file));
    }
    Client::new(options).map_err(|error| failure(&error))
}

fn certificates(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut pem = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_CERTIFICATES_BYTES).read_to_end(&mut pem));
    match read {
        Ok(_n_bytes) => Ok(pem),
        Err(source) => Err(Failure::at_path(path, "cannot be read", &source)),
    }
}

/// An error of the client among those of both transports.
pub(super) fn of_error(error: ClientError) -> RequestError {
    match error {
        ClientError::Problem(problem) => RequestError::Refused(problem),
        ClientError::Request(errors) => RequestError::Refused(Box::new(Problem::from(errors))),
        error @ (ClientError::Options { .. }
        | ClientError::UnknownEndpoint { .. }
        | ClientError::Unwritable { .. }
        | ClientError::Unreachable { .. }
        | ClientError::SignIn { .. }
        | ClientError::NotRehearse { .. }
        | ClientError::TooLarge { .. }
        | ClientError::Unreadable { .. }) => RequestError::Http(Box::new(error)),
    }
}

/// What an error of the client means for the caller.
pub(super) fn failure(error: &ClientError) -> Failure {
    let told = chain(error);
    match error {
        ClientError::Unreachable { base_url, .. } => {
            let help = "Is the server running? `rehearse doctor` looks for what is wrong.";
            Failure::unreachable(told).help(if base_url.starts_with("https:") {
                format!("{help}\nA certificate of an authority of your own is trusted with --server-ca FILE.")
            } else {
                help.to_owned()
            })
        }
        ClientError::NotRehearse { .. } if error.may_pass() => Failure::unreachable(told)
            .help("Something that stands before the server answers for it. Is the server running?"),
        ClientError::NotRehearse { .. } => Failure::configuration(told)
            .help("Check the address: it is what `rehearse up` calls `http` when it is ready."),
        ClientError::SignIn { .. } => Failure::configuration(told).help(
            "Check API key, its id, user and organization; a key may have expired or been revoked.\n\
             `rehearse context show` tells what is used and where it comes from.",
        ),
        ClientError::Options { .. } => Failure::configuration(told),
        ClientError::Problem(problem) => super::of_problem(problem),
        ClientError::Request(_) => Failure::new(Exit::Usage, told),
        ClientError::UnknownEndpoint { .. }
        | ClientError::Unwritable { .. }
        | ClientError::TooLarge { .. }
        | ClientError::Unreadable { .. } => Failure::bug(told).help(OTHER_VERSION),
    }
}

#[cfg(test)]
mod tests {
    use api::error::ErrorCode;

    use super::*;

    #[test]
    fn errors_become_exit_codes() {
        let not_rehearse = |status| ClientError::NotRehearse {
            base_url: "http://host".to_owned(),
            status,
            what: format!("status {status}"),
        };
        let sign_in = ClientError::SignIn {
            base_url: "http://host".to_owned(),
            source: Box::new(Problem::new(ErrorCode::Unauthenticated, "not known")),
        };
        for (error, exit) in [
            (not_rehearse(200), Exit::Configuration),
            (not_rehearse(404), Exit::Configuration),
            (not_rehearse(502), Exit::Unreachable),
            (sign_in, Exit::Configuration),
            (ClientError::TooLarge { limit_bytes: 1 }, Exit::Bug),
            (
                ClientError::Problem(Box::new(Problem::new(ErrorCode::RateLimited, "slowly"))),
                Exit::Unreachable,
            ),
        ] {
            let told = failure(&error);
            assert_eq!(told.exit, exit, "{error}");
            assert!(told.help.is_some(), "{error}");
        }
    }
}
