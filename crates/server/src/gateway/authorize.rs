//! Whether a caller may do what it asks for. It is decided before anything is done, for every transport alike.
//!
//! A permission that reaches nothing is refused before anything is looked up, so that a refusal tells nothing about what there is.
//! Lists and searches are never refused: see [`visible_to`].

mod made;
mod subject;

use api::{
    bus::{Call, Endpoint, Family},
    error::{ErrorCode, Problem},
};
use model::{Access, Attributes, Reach};
use projections::Visibility;
use serde_json::Value;

use super::{Caller, Gateway};

/// Refuses a caller who may not do what it asks for.
pub(super) async fn authorize(
    gateway: &Gateway,
    caller: &Caller,
    endpoint: &'static Endpoint,
    body: &Value,
) -> Result<(), Problem> {
    if endpoint.filters_rows() {
        let blind = endpoint
            .permissions
            .iter()
            .find(|needed| reach(&caller.access, needed) == Reach::Nothing);
        // Otherwise the empty list would tell that the object which it is about exists.
        return match blind {
            Some(needed) if endpoint.is_about_one() => Err(forbidden(needed)),
            Some(_) | None => Ok(()),
        };
    }
    let mut conditional = Vec::new();
    for &needed in endpoint.permissions {
        match reach(&caller.access, needed) {
            Reach::Everything => {}
            Reach::Some => conditional.push(needed),
            Reach::Nothing => return Err(forbidden(needed)),
        }
    }
    if conditional.is_empty() {
        return Ok(());
    }
    if endpoint.family == Family::Command {
        // The command will be decided on all that has happened; so is this.
        gateway.catch_up().await?;
    }
    let (caller, body) = (caller.clone(), body.clone());
    gateway
        .look(&caller.org.clone(), move |view| {
            for needed in conditional {
                let alternatives = subject::alternatives(view, endpoint, needed, &body)?;
                for attributes in subject::subjects(view, &caller, endpoint, needed, &body)? {
                    if !permits(&caller.access, &alternatives, &attributes) {
                        return Err(forbidden(&alternatives.join("|")));
                    }
                }
            }
            Ok(())
        })
        .await
}

/// What of a list its caller may see: what the permission of the list's endpoint reaches.
pub(super) fn visible_to<List: Call>(caller: &Caller) -> Option<Visibility> {
    let permission = List::ENDPOINT.permissions.first();
    permission.map(|permission| Visibility {
        access: caller.access.clone(),
        permission,
    })
}

/// The caller lacks a permission; `A|B` is either of two.
pub(super) fn forbidden(needed: &str) -> Problem {
    let needed = needed.replace('|', "` or `");
    Problem::new(
        ErrorCode::Forbidden,
        format!("your role does not permit this: it needs the permission `{needed}`"),
    )
}

/// How far a needed permission reaches. Of two that stand for each other, it may depend on the object which one counts.
fn reach(access: &Access, needed: &str) -> Reach {
    let mut reaches = needed.split('|').map(|permission| access.reach(permission));
    let Some(first) = reaches.next() else {
        return Reach::Nothing;
    };
    if reaches.all(|reach| reach == first) {
        first
    } else {
        Reach::Some
    }
}

fn permits(access: &Access, alternatives: &[&str], attributes: &Attributes) -> bool {
    let mut alternatives = alternatives.iter();
    alternatives.any(|permission| access.permits(permission, attributes))
}
