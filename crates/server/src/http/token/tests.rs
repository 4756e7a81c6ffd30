use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::JwkSet};
use serde_json::json;

use super::*;

/// A clock that is set by hand, in seconds.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds)))
    }

    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn tokens(&self, secret: u8) -> Tokens {
        let hand = self.clone();
        let clock = move || Time::from_micros(hand.0.load(Ordering::Relaxed) * 1_000_000);
        Tokens::new([secret; 32], Arc::new(clock))
    }
}

/// Noon.
const NOON: i64 = 20_000 * PERIOD_SECONDS + PERIOD_SECONDS / 2;

fn key() -> ApiKeyId {
    "6618791275130b73714e8d2a".parse().unwrap()
}

fn issue(tokens: &Tokens) -> String {
    let (token, _) = tokens
        .issue("acme".parse().unwrap(), "ann".parse().unwrap(), key())
        .unwrap();
    token
}

#[test]
fn a_token_says_who_signed_in_until_it_expires() {
    let hand = Hand::at(NOON);
    let tokens = hand.tokens(1);
    let (token, ends) = tokens
        .issue("acme".parse().unwrap(), "ann".parse().unwrap(), key())
        .unwrap();
    assert_eq!(ends, Time::from_micros((NOON + 3600) * 1_000_000));
    let claims = tokens.verify(&token).unwrap();
    assert_eq!(
        (claims.org.as_str(), claims.sub.as_str(), claims.key),
        ("acme", "ann", key())
    );
    assert_ne!(issue(&tokens), issue(&tokens), "no two tokens are the same");
    hand.pass(3600 + LEEWAY - 1);
    assert!(tokens.verify(&token).is_ok());
    hand.pass(1);
    assert_eq!(tokens.verify(&token).unwrap_err(), TokenError::Expired);
    hand.pass(-7200);
    assert_eq!(tokens.verify(&token).unwrap_err(), TokenError::TooEarly);
}

#[test]
fn servers_with_one_secret_recognize_each_others_tokens() {
    let midnight = NOON + PERIOD_SECONDS / 2;
    let (ahead, behind) = (Hand::at(midnight + 10), Hand::at(midnight - 10));
    let token = issue(&ahead.tokens(1));
    assert!(
        behind.tokens(1).verify(&token).is_ok(),
        "the next period's key is known"
    );
    let token = issue(&behind.tokens(1));
    assert!(
        ahead.tokens(1).verify(&token).is_ok(),
        "the last period's key is still known"
    );
    assert_eq!(ahead.tokens(2).verify(&token).unwrap_err(), TokenError::Foreign);
}

#[test]
fn keys_change_every_day_and_old_ones_are_forgotten() {
    let hand = Hand::at(NOON);
    let tokens = hand.tokens(1);
    let token = issue(&tokens);
    let keys = |tokens: &Tokens| -> Vec<String> {
        let keys = tokens.public_keys();
        let keys = keys["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let today = keys(&tokens);
    hand.pass(PERIOD_SECONDS);
    let tomorrow = keys(&tokens);
    assert_eq!((&tomorrow[0], &tomorrow[1]), (&today[2], &today[0]));
    assert_eq!(tokens.verify(&token).unwrap_err(), TokenError::Expired);
    hand.pass(PERIOD_SECONDS);
    assert_eq!(tokens.verify(&token).unwrap_err(), TokenError::Foreign);
}

#[test]
fn a_life_is_neither_too_short_nor_longer_than_a_key() {
    let tokens = Hand::at(NOON).tokens(1);
    for (seconds, accepted) in [
        (0, false),
        (359, false),
        (360, true),
        (86_400, true),
        (86_401, false),
    ] {
        let made = tokens.clone().with_lifetime(Duration::from_secs(seconds));
        assert_eq!(made.is_ok(), accepted, "{seconds}");
    }
}

/// Tokens as somebody else's library reads them.
#[test]
fn other_libraries_accept_tokens_by_the_published_keys() {
    let tokens = Hand::at(NOON).tokens(1);
    let token = issue(&tokens);
    let published: JwkSet = serde_json::from_value(tokens.public_keys()).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let jwk = published.find(&header.kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    // Its clock is not ours.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let key = DecodingKey::from_jwk(jwk).unwrap();
    let read = jsonwebtoken::decode::<Claims>(&token, &key, &validation).unwrap();
    assert_eq!(read.claims, tokens.verify(&token).unwrap());
}

#[test]
fn forged_tokens_are_refused() {
    let hand = Hand::at(NOON);
    let tokens = hand.tokens(1);
    let genuine = issue(&tokens);
    let claims = tokens.verify(&genuine).unwrap();
    let [header, payload, signature] = genuine.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts");
    };
    let own_key = &tokens.public_keys()["keys"][0];
    let kid = own_key["kid"].as_str().unwrap();
    let public = BASE64.decode(own_key["x"].as_str().unwrap()).unwrap();
    let encode = |value: serde_json::Value| BASE64.encode(value.to_string());
    let as_administrator = encode(json!({
        "iss": "rehearse", "sub": "root", "org": "acme", "key": key(), "iat": NOON, "nbf": NOON, "exp": NOON + 3600, "jti": "1",
    }));
    let hmac = |algorithm| {
        let header = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(algorithm)
        };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap()
    };
    let last = signature.chars().last().unwrap();
    let malleable = if last == 'A' { 'B' } else { 'A' };
    let forged = [
        String::new(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{genuine}."),
        format!("{genuine}="),
        format!("{genuine} "),
        genuine[..genuine.len() - 1].to_owned(),
        format!("{}{malleable}", &genuine[..genuine.len() - 1]),
        genuine.to_uppercase(),
        format!(
            "{}.{payload}.",
            encode(json!({"alg": "none", "typ": "JWT", "kid": kid}))
        ),
        format!(
            "{}.{payload}.{signature}",
            encode(json!({"alg": "none", "typ": "JWT", "kid": kid}))
        ),
        format!(
            "{}.{payload}.{signature}",
            encode(json!({"alg": "EdDSA", "typ": "JWT", "kid": "0000000000000000"}))
        ),
        format!(
            "{}.{payload}.{signature}",
            encode(json!({"alg": "EdDSA", "typ": "JWT"}))
        ),
        format!(
            "{}.{payload}.{signature}",
            encode(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}))
        ),
        format!(
            "{}.{payload}.{signature}",
            encode(json!({"alg": "EdDSA", "typ": "JWT", "kid": kid, "jwk": own_key}))
        ),
        format!("{header}.{as_administrator}.{signature}"),
        hmac(Algorithm::HS256),
        hmac(Algorithm::HS512),
        issue(&hand.tokens(2)),
        format!("{header}.{}.{signature}", "A".repeat(100_000)),
        "A".repeat(1_000_000),
    ];
    for token in forged {
        let shown = &token[..token.len().min(300)];
        assert_eq!(tokens.verify(&token).unwrap_err(), TokenError::Foreign, "{shown}");
    }
}
