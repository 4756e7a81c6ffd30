//! Lists of objects.

use model::{
    Agent, ApiKey, ContextGraph, Kind, Metric, Object, ObjectRef, Persona, Scenario, Service, Time, Token,
    UnitTest, UnitTestSet, User,
};

use super::{
    ListQuery, MAX_LIMIT, Page, RunState, SortField, SortKey,
    source::{Selection, check_values},
    walk::Direction,
};
use crate::{
    OrgView, QueryError, RowError,
    index::{Field, Space, by_creation, list_time, order, order_token, posting_prefix},
    key::{Key, above},
};

macro_rules! lists {
    ($($(#[$doc:meta])* $method:ident -> $kind:ident;)+) => {
        impl OrgView<'_> {
            $(
                $(#[$doc])*
                pub fn $method(&self, query: &ListQuery) -> Result<Page<$kind>, QueryError> {
                    self.list(Kind::$kind, query)?.map(|object| {
                        let Object::$kind(state) = object else { return Err(self.misplaced().into()) };
                        Ok(state)
                    })
                }
            )+
        }
    };
}

lists! {
    /// Personas.
    personas -> Persona;
    /// Scenarios.
    scenarios -> Scenario;
    /// Metrics.
    metrics -> Metric;
    /// Agents.
    agents -> Agent;
    /// Context graphs.
    context_graphs -> ContextGraph;
    /// Services.
    services -> Service;
    /// Unit tests.
    unit_tests -> UnitTest;
    /// Unit test sets.
    unit_test_sets -> UnitTestSet;
    /// Users.
    users -> User;
    /// API keys.
    api_keys -> ApiKey;
}

impl OrgView<'_> {
    /// Runs, with how far each has come.
    pub fn runs(&self, query: &ListQuery) -> Result<Page<RunState>, QueryError> {
        self.list(Kind::Run, query)?.map(|object| {
            let Object::Run(run) = object else {
                return Err(self.misplaced().into());
            };
            self.state_of(run)
        })
    }

    /// Objects of one kind.
    pub fn list(&self, kind: Kind, query: &ListQuery) -> Result<Page<Object>, QueryError> {
        if query.limit > MAX_LIMIT {
            return Err(QueryError::TooManyItems {
                limit: MAX_LIMIT,
                found: query.limit,
            });
        }
        let selection = self.selection(kind, query)?;
        let page = match self.order_of(kind, &query.sort)? {
            Order::Listed(direction) => self.walked(&selection, direction, query)?,
            Order::Sorted(keys) => self.sorted(&selection, &keys, query)?,
        };
        let mut page = page.map(|order| self.object_at(kind, &order))?;
        if query.offset == 0 {
            page.filter_values = Some(self.filter_values(kind, &selection)?);
        }
        Ok(page)
    }

    /// What a query selects.
    pub(super) fn selection(&self, kind: Kind, query: &ListQuery) -> Result<Selection<'_>, QueryError> {
        let mut selection = Selection::new(self, Space::objects(kind), query.conditions(kind)?);
        if !query.ids.is_empty() {
            check_values(query.ids.len())?;
            selection.these = Some(self.orders_of(kind, &query.ids)?);
        }
        let times = query.created_after.is_some() || query.created_before.is_some();
        if times && !by_creation(kind) {
            return Err(QueryError::Filter {
                kind,
                filter: "creation time",
            });
        }
        (selection.first, selection.last) = time_bounds(query.created_after, query.created_before);
        Ok(selection)
    }

    fn orders_of(&self, kind: Kind, ids: &[Token]) -> Result<Vec<Vec<u8>>, RowError> {
        let mut orders = Vec::new();
        for id in ids {
            if let Some(object) = self.load(&ObjectRef {
                kind,
                key: id.clone(),
            })? {
                orders.push(order(list_time(&object), id.as_str()));
            }
        }
        Ok(orders)
    }

    /// A page straight from the index.
    fn walked(
        &self,
        selection: &Selection<'_>,
        direction: Direction,
        query: &ListQuery,
    ) -> Result<Page<Vec<u8>>, RowError> {
        let mut walk = selection.walk(direction, Vec::new())?;
        for _left_out in 0..query.offset {
            if walk.next()?.is_none() {
                return Ok(Page::empty());
            }
        }
        let mut orders = Vec::new();
        while orders.len() < query.limit
            && let Some(order) = walk.next()?
        {
            orders.push(order.to_vec());
        }
        let has_more = walk.next()?.is_some();
        Ok(Page::of(orders, query.offset, has_more))
    }

    /// A page in an order that the index is not in: reads every matching posting, and no row.
    fn sorted(
        &self,
        selection: &Selection<'_>,
        keys: &[SortKey],
        query: &ListQuery,
    ) -> Result<Page<Vec<u8>>, RowError> {
        let postings = &self.view.tables.postings;
        let prefix = posting_prefix(&self.org, selection.space, Field::All, &[]);
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut walk = selection.walk(Direction::Forward, Vec::new())?;
        while let Some(order) = walk.next()? {
            let carried = postings.get(&[&prefix, order].concat())?;
            let carried =
                carried.ok_or_else(|| postings.inconsistent("an object has no posting of its own"))?;
            found.push((carried.value().to_vec(), order.to_vec()));
        }
        // Stable, so equal keys stay in the order of lists.
        found.sort_by(|a, b| {
            let ordered = keys.iter().map(|key| {
                let ordering = match key.field {
                    SortField::IsActive => a.0.first().cmp(&b.0.first()),
                    SortField::Name => a.0.get(1..).cmp(&b.0.get(1..)),
                    // Orders begin with the time, newest first.
                    SortField::UpdatedAt | SortField::CreatedAt => b.1.get(..8).cmp(&a.1.get(..8)),
                };
                if key.descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            });
            ordered.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let left = found.len().saturating_sub(offset);
        let orders = found
            .into_iter()
            .skip(offset)
            .take(query.limit)
            .map(|(_carried, order)| order)
            .collect();
        Ok(Page::of(orders, query.offset, left > query.limit))
    }

    /// The order that a query asks for.
    fn order_of(&self, kind: Kind, sort: &[SortKey]) -> Result<Order, QueryError> {
        let time = if by_creation(kind) {
            SortField::CreatedAt
        } else {
            SortField::UpdatedAt
        };
        for key in sort {
            let known = key.field == time
                || (kind == Kind::Service && matches!(key.field, SortField::Name | SortField::IsActive));
            if !known {
                return Err(QueryError::Sort {
                    kind,
                    field: key.field.as_str(),
                });
            }
        }
        Ok(match sort.first() {
            None => Order::Listed(Direction::Forward),
            Some(key) if key.field == time => Order::Listed(if key.descending {
                Direction::Forward
            } else {
                Direction::Backward
            }),
            Some(_) => Order::Sorted(sort.to_vec()),
        })
    }

    /// The object that a posting stands for.
    pub(super) fn object_at(&self, kind: Kind, order: &[u8]) -> Result<Object, RowError> {
        let key = order_token(order).and_then(|key| key.parse().ok());
        let object = match key {
            Some(key) => self.load(&ObjectRef { kind, key })?,
            None => None,
        };
        object.ok_or_else(|| {
            self.view
                .tables
                .postings
                .inconsistent("a posting stands for no object")
        })
    }

    pub(super) const fn misplaced(&self) -> RowError {
        self.view
            .tables
            .objects
            .inconsistent("an object stands under another kind")
    }
}

enum Order {
    /// As the index is.
    Listed(Direction),
    /// By these keys.
    Sorted(Vec<SortKey>),
}

/// The orders between which everything of a span of time stands, bounds included.
pub(super) fn time_bounds(after: Option<Time>, before: Option<Time>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let first = before.map(|before| Key::default().newest_first(before).done());
    // Something always follows the time in an order, so none is equal to this.
    let last = after.map(|after| above(&Key::default().newest_first(after).done()));
    (first, last)
}
