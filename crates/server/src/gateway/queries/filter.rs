//! The parameters of queries, as the projections want them.

use api::{SortKey, TagFilter, TagMatch, UserFilter, VersionFilter};
use model::{OrgId, Token};
use projections::{ListQuery, SortField, VersionQuery};

/// Restricts a query to objects made by one of `creators`; all users of another organization have made nothing here.
pub(super) fn created_by(query: &mut ListQuery, org: &OrgId, creators: Vec<UserFilter>) {
    if creators.is_empty() {
        return;
    }
    let ours = creators.into_iter().filter(|creator| creator.org_id == *org);
    query.creators = ours.map(|creator| creator.user_id).collect();
    if query.creators.is_empty() {
        query.ids = nothing();
    }
}

/// Ids that no object has.
fn nothing() -> Vec<Token> {
    "-".parse().into_iter().collect()
}

/// Tag filters.
pub(super) fn tags(filters: Vec<TagFilter>) -> Vec<projections::TagFilter> {
    let one = |filter: TagFilter| match filter.value {
        TagMatch::Any => projections::TagFilter::AnyValue(filter.key),
        TagMatch::Null => projections::TagFilter::Null(filter.key),
        TagMatch::Exactly(value) => projections::TagFilter::Exact(filter.key, value),
    };
    filters.into_iter().map(one).collect()
}

/// An order; fields that lists do not know were refused when the request was read.
pub(super) fn order(keys: &[SortKey]) -> Vec<projections::SortKey> {
    let fields = [
        SortField::UpdatedAt,
        SortField::CreatedAt,
        SortField::Name,
        SortField::IsActive,
    ];
    let one = |key: &SortKey| {
        let field = fields.into_iter().find(|field| field.as_str() == key.field)?;
        Some(projections::SortKey {
            field,
            descending: key.descending,
        })
    };
    keys.iter().filter_map(one).collect()
}

/// A page of versions.
pub(super) fn versions(
    filter: Option<VersionFilter>,
    limit: u32,
    offset: u64,
    order: &[SortKey],
) -> VersionQuery {
    let filter = filter.map(|filter| match (filter.from, filter.to) {
        (None, _) => projections::VersionFilter::Latest,
        (Some(from), Some(to)) if from == to => projections::VersionFilter::Number(from),
        (Some(first), last) => projections::VersionFilter::Range { first, last },
    });
    let ascending = order.first().is_some_and(|key| !key.descending);
    VersionQuery {
        filter,
        ascending,
        limit: size(limit),
        offset,
    }
}

/// A page's size.
pub(super) fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
