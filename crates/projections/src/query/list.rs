//! Lists of objects.

use model::{
    AccessRole as Role, Agent, ApiKey, Attributes, ContextGraph, Kind, Metric, Object, ObjectRef, Persona,
    Scenario, Service, TemporaryGrant, Time, Token, UnitTest, UnitTestSet, User, WebhookDestination,
};

use super::{
    ListQuery, Page, RunState, SortField, SortKey,
    pager::{Items, Orders, Span, page},
    source::{Selection, check_values},
    visibility::Sight,
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
    /// Roles, the built-in one not among them.
    roles -> Role;
    /// Temporary grants, those that have ended too.
    temporary_grants -> TemporaryGrant;
    /// Webhook destinations.
    webhook_destinations -> WebhookDestination;
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
        let span = Span::new(query.limit, query.offset, query.after.as_ref())?;
        let selection = self.selection(kind, query)?;
        let order = self.order_of(kind, &query.sort)?;
        if query.after.is_some() && matches!(order, Order::Sorted(_)) {
            return Err(QueryError::CursorOrder {
                kind,
                time: time_field(kind).as_str(),
            });
        }
        let sight = Sight::of(query.visible_to.as_ref());
        let mut page = if matches!(sight, Sight::Nothing) {
            Page::empty()
        } else {
            let orders = match order {
                Order::Listed(direction) => Orders::listed(selection.walk(direction, Vec::new())?, &span),
                Order::Sorted(keys) => Orders::sorted(self.sorted(&selection, &keys)?),
            };
            page(orders, &span, sight, &mut Objects { of: self, kind })?
        };
        if span.is_first() {
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

    /// Everything that is selected in an order that the index is not in: reads every matching posting, and no row.
    fn sorted(&self, selection: &Selection<'_>, keys: &[SortKey]) -> Result<Vec<Vec<u8>>, RowError> {
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
        Ok(found.into_iter().map(|(_carried, order)| order).collect())
    }

    /// The order that a query asks for.
    fn order_of(&self, kind: Kind, sort: &[SortKey]) -> Result<Order, QueryError> {
        let time = time_field(kind);
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

/// Objects of one kind.
struct Objects<'view> {
    of: &'view OrgView<'view>,
    kind: Kind,
}

impl Items for Objects<'_> {
    type Item = Object;

    fn load(&mut self, order: &[u8]) -> Result<Object, RowError> {
        self.of.object_at(self.kind, order)
    }

    fn attributes(&mut self, object: &Object) -> Result<Attributes, RowError> {
        Ok(object.attributes())
    }
}

enum Order {
    /// As the index is.
    Listed(Direction),
    /// By these keys.
    Sorted(Vec<SortKey>),
}

/// The time that a kind's lists are in the order of.
const fn time_field(kind: Kind) -> SortField {
    if by_creation(kind) {
        SortField::CreatedAt
    } else {
        SortField::UpdatedAt
    }
}

/// The orders between which everything of a span of time stands, bounds included.
pub(super) fn time_bounds(after: Option<Time>, before: Option<Time>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let first = before.map(|before| Key::default().newest_first(before).done());
    // Something always follows the time in an order, so none is equal to this.
    let last = after.map(|after| above(&Key::default().newest_first(after).done()));
    (first, last)
}
