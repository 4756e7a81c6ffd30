//! Temporary grants. There are few of them, so what the projections cannot filter or sort by is done here, in memory.

use std::cmp::Ordering;

use api::{
    FieldErrors, Pointer, SortKey, TagFilter,
    bus::queries::TemporaryGrantList,
    error::Problem,
    read::read,
    temporary_grant::{CreatorFilter, Instance, List, ListQuery},
};
use model::{TemporaryGrant, Time, UserId};
use projections::{MAX_LIMIT, OrgView};
use serde_json::Value;

use super::filter::size;
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, render};

/// How many grants are looked at for one answer at most.
const MAX_LOOKED_AT: usize = 10_000;

/// A page of grants.
pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let (org, now) = (caller.org.clone(), gateway.now());
    let visible_to = visible_to::<TemporaryGrantList>(caller);
    // All users of another organization have made nothing here.
    let all_creators = request.creator.is_empty();
    let ours = |creator: CreatorFilter| {
        let is_ours = creator.org_id.is_none_or(|of| of == caller.org);
        is_ours.then_some(creator.user_id)
    };
    let creators: Vec<UserId> = request.creator.into_iter().filter_map(ours).collect();
    let selected = projections::ListQuery {
        ids: request.id.into_iter().map(Into::into).collect(),
        users: request.user_id,
        visible_to,
        limit: MAX_LIMIT,
        ..projections::ListQuery::default()
    };
    let nobody = !all_creators && creators.is_empty();
    let selected = projections::ListQuery { creators, ..selected };
    let rest = Rest {
        permission: request.permission_grant_name,
        is_expired: request.is_expired,
        tags: request.tag,
        now,
        max_looked_at: MAX_LOOKED_AT,
    };
    let (sort, limit) = (request.sort_by, size(request.limit));
    let offset = request.continuation_token;
    gateway
        .look(&caller.org, move |view| {
            let mut found = if nobody {
                Vec::new()
            } else {
                rest.find(view, selected)?
            };
            found.sort_by(|a, b| order(&sort, a, b));
            let begin = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = begin.saturating_add(limit);
            let shown = found.iter().skip(begin).take(limit);
            let has_more = end < found.len();
            render(&List {
                temporary_permission_grants: shown.map(|grant| Instance::of(&org, grant)).collect(),
                has_more,
                continuation_token: has_more.then(|| offset.saturating_add(limit as u64)),
            })
        })
        .await
}

/// What the projections cannot filter by.
struct Rest {
    permission: Option<String>,
    is_expired: Option<bool>,
    tags: Vec<TagFilter>,
    now: Time,
    /// How many grants are looked at at most.
    max_looked_at: usize,
}

impl Rest {
    /// Every grant that matches, the newest first.
    fn find(
        &self,
        view: &OrgView<'_>,
        mut selected: projections::ListQuery,
    ) -> Result<Vec<TemporaryGrant>, Problem> {
        let (mut found, mut n_looked_at) = (Vec::new(), 0_usize);
        loop {
            let page = view
                .temporary_grants(&selected)
                .map_err(|error| failure::of_query(&error))?;
            n_looked_at = n_looked_at.saturating_add(page.items.len());
            found.extend(page.items.into_iter().filter(|grant| self.matches(grant)));
            match page.next_offset {
                None => return Ok(found),
                Some(_) if n_looked_at >= self.max_looked_at => return Err(self.too_many()),
                Some(next) => selected.offset = next,
            }
        }
    }

    fn too_many(&self) -> Problem {
        let detail = format!(
            "more than {} grants would have to be looked at; name users here, or ids",
            self.max_looked_at
        );
        FieldErrors::one(&Pointer::root().key("user_id"), detail).into()
    }

    fn matches(&self, grant: &TemporaryGrant) -> bool {
        let permission = self.permission.as_ref();
        permission.is_none_or(|permission| *permission == grant.grant.permission)
            && self
                .is_expired
                .is_none_or(|is_expired| is_expired != grant.is_in_force(self.now))
            && self.tags.iter().all(|filter| filter.matches(&grant.tags))
    }
}

/// By the keys in turn; what is equal in all of them stays as it is.
fn order(keys: &[SortKey], a: &TemporaryGrant, b: &TemporaryGrant) -> Ordering {
    let by = |key: &SortKey| {
        let ordering = match key.field.as_str() {
            "user_id" => a.user_id.cmp(&b.user_id),
            "expires_at" => a.expires_at.cmp(&b.expires_at),
            // The only other field that the request was read with.
            _ => a.grant.permission.cmp(&b.grant.permission),
        };
        if key.descending {
            ordering.reverse()
        } else {
            ordering
        }
    };
    keys.iter().map(by).fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use api::error::ErrorCode;
    use journal::MemoryJournal;
    use projections::Database;
    use serde_json::json;

    use super::*;
    use crate::tests::bench_on;

    #[tokio::test]
    async fn only_so_many_grants_are_looked_at() {
        let bench = bench_on(MemoryJournal::new(), Database::in_memory().unwrap()).await;
        let user = json!({"id": "bob", "name": "Bob", "role": "DefaultAdministratorRole"});
        bench.command("user.create", user).await.unwrap();
        for _ in 0..5 {
            let grant = json!({
                "user_id": "bob", "duration": "PT1H", "tags": {}, "justification": "for one hour only",
                "permission_grant": {"permission_name": "A:B", "conditions": {}},
            });
            bench.command("temporary_grant.create", grant).await.unwrap();
        }
        let now = bench.gateway.now();
        let find = |max_looked_at: usize| {
            let selected = projections::ListQuery {
                limit: 2,
                ..projections::ListQuery::default()
            };
            let rest = Rest {
                permission: None,
                is_expired: None,
                tags: Vec::new(),
                now,
                max_looked_at,
            };
            let org = "acme".parse().unwrap();
            let gateway = bench.gateway.clone();
            async move { gateway.look(&org, move |view| rest.find(view, selected)).await }
        };
        assert_eq!(find(5).await.unwrap().len(), 5);
        let problem = find(4).await.unwrap_err();
        assert_eq!(problem.code, ErrorCode::ValidationFailed);
        assert_eq!(problem.errors[0].pointer, "/user_id");
    }
}
