//! Lists the personas of a team.

use std::{
    env,
    error::Error,
    io::{self, Write as _},
    time::Duration,
};

use api::{
    bus::queries::PersonaList,
    client::{Client, ClientError, ClientOptions, Credentials, Secret},
    persona::ListQuery,
    read::read,
};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let credentials = Credentials {
        api_key_id: env::var("REHEARSE_API_KEY_ID")?.parse()?,
        api_key: Secret::new(env::var("REHEARSE_API_KEY")?),
        user_id: "admin".parse()?,
    };
    let mut options = ClientOptions::new("http://127.0.0.1:8080", "local".parse()?, credentials);
    options.transport.timeout = Duration::from_secs(10);
    let client = Client::new(options)?;
    let query: ListQuery =
        read(&json!({ "tag": ["team:support"] })).map_err(|errors| format!("{errors:?}"))?;
    match client.call::<PersonaList>(&query).await {
        Ok(page) => {
            let mut stdout = io::stdout().lock();
            for persona in page.simulation_personas {
                writeln!(stdout, "{}", persona.name)?;
            }
            Ok(())
        }
        Err(ClientError::Problem(problem)) => Err(format!("refused: {}", problem.detail).into()),
        Err(error) => Err(error.into()),
    }
}
