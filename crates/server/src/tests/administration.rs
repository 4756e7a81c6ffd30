//! Roles, temporary grants, API keys and webhook destinations, as callers meet them.

mod api_keys;
mod roles;
mod temporary_grants;
mod webhook_destinations;

use super::*;

const ADMINISTRATOR: &str = "DefaultAdministratorRole";
const TWO_HOURS_MS: u64 = 2 * 60 * 60 * 1000;

/// Names that would be dangerous if anybody interpreted them.
const HOSTILE: [&str; 8] = [
    "evt.>",
    "a.b.*",
    "'; DROP TABLE roles; --",
    "../../etc",
    "{{ secret.API_KEY }}",
    "{self_user_id}",
    "<script>alert(1)</script>",
    "$SYS 🦀 \u{202e}txt",
];

/// A bench with the users `ann` and `bob`, both administrators.
async fn staffed(journal: MemoryJournal) -> Bench {
    let bench = bench_on(journal, Database::in_memory().unwrap()).await;
    for (id, name) in [("ann", "Ann"), ("bob", "Bob")] {
        let user = json!({"id": id, "name": name, "role": ADMINISTRATOR});
        bench.command("user.create", user).await.unwrap();
    }
    bench
}

/// A server on the same log whose clock is hours ahead.
async fn later(journal: MemoryJournal) -> Bench {
    bench_ahead("later", journal, Database::in_memory().unwrap(), TWO_HOURS_MS).await
}

fn grant_of(permission: &str) -> Value {
    json!({"permission_name": permission, "conditions": {}})
}

fn role(name: &str, grants: &[Value]) -> Value {
    json!({"role_name": name, "description": "For a test.", "permission_grants": grants, "frontend_view": "client"})
}

/// The texts under a key of every item.
fn texts(items: &Value, key: &str) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
    items.map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

impl Bench {
    async fn refused(&self, what: &str, body: Value) -> (u16, ErrorCode, Vec<String>) {
        let (kind, verb) = what.split_once('.').unwrap();
        let is_query = api::bus::endpoint(Family::Query, kind, verb).is_some();
        let answer = if is_query {
            self.query(what, body).await
        } else {
            self.command(what, body).await
        };
        let problem = answer.unwrap_err();
        let pointers = problem.errors.iter().map(|error| error.pointer.clone());
        (problem.status, problem.code, pointers.collect())
    }
}
