//! Signing in: an API key is exchanged for a token that lives for a while.

use model::Time;
use serde::{Deserialize, Serialize};

/// Where one signs in, after [`PATH_PREFIX`](crate::http::PATH_PREFIX): a `POST` without a body.
pub const SIGN_IN_PATH: &str = "user/signin_with_api_key";
/// Header of signing in: the key's secret.
pub const API_KEY_HEADER: &str = "x-api-key";
/// Header of signing in: the key's id.
pub const API_KEY_ID_HEADER: &str = "x-api-key-id";
/// Header of signing in: the user whose key it is.
pub const USER_ID_HEADER: &str = "x-user-id";
/// Header of every further request: the organization that issued the token. It may be left out.
pub const ORG_ID_HEADER: &str = "x-org-id";

/// A caller was recognized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignedIn {
    /// Presented with every further request, as a bearer token.
    pub id_token: String,
    /// After this it no longer opens anything.
    pub expires_at: Time,
}
