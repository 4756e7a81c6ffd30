//! Roles: those that are stored, and the built-in one.

use std::collections::BTreeSet;

use api::{
    bus::queries::RoleList,
    error::{ErrorCode, Problem},
    read::read,
    role::{Instance, List, ListQuery},
};
use model::{
    ADMINISTRATOR_ROLE, Attributes, Directory as _, Invalid, Kind, Name, RoleId, Token, builtin_role_id,
};
use projections::{MAX_LIMIT, OrgView, Visibility};
use serde_json::Value;

use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, of_read, render};

/// Every role that matches; the built-in one first.
pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let visible_to = visible_to::<RoleList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let shows_grants = request.return_permission_grants;
            let wanted = Wanted::of(view, request)?;
            let mut roles = Vec::new();
            if wanted.includes(builtin_role_id()) && shows_built_in(visible_to.as_ref()) {
                roles.push(Instance::built_in());
            }
            wanted.stored(view, visible_to, &mut roles)?;
            if !shows_grants {
                roles = roles.into_iter().map(Instance::without_grants).collect();
            }
            render(&List { roles })
        })
        .await
}

/// The id of the role of this name; none if there is none.
pub(crate) fn role_id(view: &OrgView<'_>, name: &Name) -> Result<Option<RoleId>, Problem> {
    if name.as_str() == ADMINISTRATOR_ROLE {
        return Ok(Some(builtin_role_id()));
    }
    let key = view
        .named(Kind::Role, name.as_str())
        .map_err(|error| of_read(&error))?;
    let parsed = key.map(|key| key.as_str().parse::<RoleId>()).transpose();
    parsed.map_err(|invalid: Invalid| {
        Problem::new(
            ErrorCode::Internal,
            format!("the role `{name}` stands under an id that is none: {invalid}"),
        )
    })
}

/// Which roles a request asks for; none: all.
struct Wanted(Option<BTreeSet<RoleId>>);

impl Wanted {
    fn of(view: &OrgView<'_>, request: ListQuery) -> Result<Self, Problem> {
        let ids = (!request.id.is_empty()).then(|| request.id.into_iter().collect::<BTreeSet<_>>());
        if request.name.is_empty() {
            return Ok(Self(ids));
        }
        let mut named = BTreeSet::new();
        for name in &request.name {
            named.extend(role_id(view, name)?);
        }
        if let Some(ids) = ids {
            named.retain(|id| ids.contains(id));
        }
        Ok(Self(Some(named)))
    }

    fn includes(&self, id: RoleId) -> bool {
        self.0.as_ref().is_none_or(|ids| ids.contains(&id))
    }

    /// Adds those that are stored.
    fn stored(
        &self,
        view: &OrgView<'_>,
        visible_to: Option<Visibility>,
        found: &mut Vec<Instance>,
    ) -> Result<(), Problem> {
        let ids: Vec<Token> = self.0.iter().flatten().map(|id| (*id).into()).collect();
        if self.0.is_some() && ids.is_empty() {
            return Ok(());
        }
        let mut wanted = projections::ListQuery {
            ids,
            visible_to,
            limit: MAX_LIMIT,
            ..projections::ListQuery::default()
        };
        loop {
            let page = view.roles(&wanted).map_err(|error| failure::of_query(&error))?;
            found.extend(page.items.iter().map(Instance::of));
            match page.next_offset {
                Some(next) => wanted.offset = next,
                None => return Ok(()),
            }
        }
    }
}

/// Whether the caller may see the built-in role. It is not stored, so nobody made it.
fn shows_built_in(visible_to: Option<&Visibility>) -> bool {
    let attributes = Attributes::from([
        ("id".to_owned(), builtin_role_id().to_string().into()),
        ("kind".to_owned(), Kind::Role.as_str().into()),
        ("name".to_owned(), ADMINISTRATOR_ROLE.into()),
    ]);
    visible_to.is_none_or(|visibility| visibility.access.permits(visibility.permission, &attributes))
}
