//! What a client needs over HTTP, put together from what was said and from credentials that are named beside the address.

use super::{Found, Transport, Where, context_name, store::Contexts};
use crate::{credentials::Credentials, data_dir::DataDir, failure::Failure, secret::Secret};

impl Where {
    /// The server at an address. The API key is as was said, else that of the data directory or context that is named beside the
    /// address; never that of one that nobody named, for the address may be anyone's.
    pub(super) fn by_server(&self, url: &str) -> Result<Found, Failure> {
        let beside = match (&self.data_dir, &self.context) {
            (Some(root), _) => Credentials::read(&DataDir::at(root).credentials())?,
            (None, Some(name)) => Some(Contexts::of_user()?.read(&context_name(name)?)?),
            (None, None) => None,
        };
        let how = "--server (or REHEARSE_SERVER)".to_owned();
        self.over_http(url.to_owned(), beside, how)
    }

    /// Over HTTP, with the API key that was said, else with that of the credentials.
    pub(super) fn over_http(
        &self,
        base_url: String,
        credentials: Option<Credentials>,
        how: String,
    ) -> Result<Found, Failure> {
        let (organization_id, user_id) = self.identity(credentials.as_ref())?;
        let api_key = Secret::given(self.api_key_file.as_deref(), "REHEARSE_API_KEY")?;
        let kept = credentials
            .as_ref()
            .and_then(|kept| Some((kept.api_key_id?, kept.api_key.clone()?)));
        let (api_key_id, api_key) = match (self.api_key_id, api_key, kept) {
            (Some(id), Some(key), _) | (None, None, Some((id, key))) => (id, key),
            (Some(id), None, Some((kept_id, key))) if kept_id == id => (id, key),
            (Some(_), None, _) => return Err(no_key("there is the id of an API key, but not the key")),
            (None, Some(_), _) => return Err(no_key("there is an API key, but not its id")),
            (None, None, None) => return Err(no_key("nothing says with which API key to sign in")),
        };
        let server_ca = self
            .server_ca
            .clone()
            .or_else(|| credentials.and_then(|credentials| credentials.server_ca));
        Ok(Found {
            credentials: Credentials {
                base_url: Some(base_url),
                server_ca,
                api_key_id: Some(api_key_id),
                api_key: Some(api_key),
                ..Credentials::of(organization_id, user_id)
            },
            nats_credentials: None,
            transport: Transport::Http,
            data_dir: None,
            how,
        })
    }
}

fn no_key(message: &str) -> Failure {
    Failure::configuration(message).help(
        "Set REHEARSE_API_KEY_ID and REHEARSE_API_KEY (or --api-key-file FILE), or name a data directory or context that has them:\n\
         --data-dir DIR or --context NAME.",
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::exit::Exit;

    const ID: &str = "6618791275130b73714e8db1";

    fn kept() -> Credentials {
        Credentials {
            base_url: Some("https://kept".to_owned()),
            server_ca: Some(PathBuf::from("/ca.pem")),
            api_key_id: Some(ID.parse().expect("an id")),
            api_key: Some(Secret::from("kept".to_owned())),
            ..Credentials::of("acme".parse().expect("a token"), "ann".parse().expect("a token"))
        }
    }

    fn with_key(key: &str, id: Option<&str>) -> (tempfile::TempDir, Where) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("key");
        std::fs::write(&file, format!("{key}\n")).expect("a file");
        let place = Where {
            api_key_file: Some(file),
            api_key_id: id.map(|id| id.parse().expect("an id")),
            ..Where::default()
        };
        (directory, place)
    }

    #[test]
    fn what_is_said_goes_before_what_is_kept() {
        let of = |place: &Where, kept: Option<Credentials>| {
            place.over_http("https://host".to_owned(), kept, "a test".to_owned())
        };
        let found = of(&Where::default(), Some(kept())).expect("everything is kept");
        assert_eq!(
            found.credentials,
            Credentials {
                base_url: Some("https://host".to_owned()),
                ..kept()
            }
        );
        let (_directory, place) = with_key("said", Some("6618791275130b73714e8db2"));
        let found = of(&place, Some(kept())).expect("everything is said");
        assert_eq!(found.credentials.api_key, Some(Secret::from("said".to_owned())));
        assert_eq!(found.credentials.user_id.as_str(), "ann");

        let (_directory, half) = with_key("said", None);
        for (place, kept) in [
            (Where::default(), None),
            (half, Some(kept())),
            (
                Where {
                    api_key_id: Some("6618791275130b73714e8db2".parse().expect("an id")),
                    ..Where::default()
                },
                Some(kept()),
            ),
        ] {
            let failure = of(&place, kept).expect_err("the key is not complete");
            assert_eq!(failure.exit, Exit::Configuration);
            assert!(!format!("{failure:?}").contains("said"), "{failure:?}");
        }
    }
}
