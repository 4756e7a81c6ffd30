//! Finished conversations of runs.

use model::{Attributes, Oid, RunId, ServiceId, Time, UnitTestId, UserId};

use super::{
    Cursor, Page, Visibility,
    list::time_bounds,
    pager::{Items, Orders, Span, page},
    source::{Condition, Selection, check_values},
    visibility::Sight,
    walk::Direction,
};
use crate::{
    ConversationItem, OrgView, QueryError, RowError,
    index::{CONVERSATIONS, Field, order_by_id, order_id, value},
    key::Key,
    row::ConversationRow,
};

/// Which conversations, in which order. Filters without values let everything pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationQuery {
    /// These conversations.
    pub ids: Vec<Oid>,
    /// Of runs that one of these users started.
    pub users: Vec<UserId>,
    /// With one of these services.
    pub service_ids: Vec<ServiceId>,
    /// Of one of these unit tests.
    pub unit_test_ids: Vec<UnitTestId>,
    /// Of one of these runs.
    pub run_ids: Vec<RunId>,
    /// Which repetitions of their tests they are.
    pub run_indices: Vec<u32>,
    /// Begun then or later.
    pub created_after: Option<Time>,
    /// Begun then or earlier.
    pub created_before: Option<Time>,
    /// Only what this caller may see; see [`super::ListQuery::visible_to`]. Conditions may be about `id`, `creator` and `user_id`
    /// (both who started the run) and `service_id`.
    pub visible_to: Option<Visibility>,
    /// The oldest first rather than the newest.
    pub ascending: bool,
    /// The most items.
    pub limit: usize,
    /// How many items to leave out.
    pub offset: u64,
    /// Go on after this place instead of leaving out a number of items.
    pub after: Option<Cursor>,
}

impl OrgView<'_> {
    /// Conversations that have a result, by when they began. Pages of them have no `filter_values`.
    pub fn conversations(&self, query: &ConversationQuery) -> Result<Page<ConversationItem>, QueryError> {
        let span = Span::new(query.limit, query.offset, query.after.as_ref())?;
        let mut selection = Selection::new(self, CONVERSATIONS, query.conditions()?);
        if !query.ids.is_empty() {
            check_values(query.ids.len())?;
            selection.these = Some(self.orders_of_conversations(&query.ids)?);
        }
        (selection.first, selection.last) = time_bounds(query.created_after, query.created_before);
        let sight = Sight::of(query.visible_to.as_ref());
        if matches!(sight, Sight::Nothing) {
            return Ok(Page::empty());
        }
        let direction = if query.ascending {
            Direction::Backward
        } else {
            Direction::Forward
        };
        let orders = Orders::listed(selection.walk(direction, Vec::new())?, &span);
        Ok(page(orders, &span, sight, &mut Conversations(self))?)
    }

    /// One conversation; none if there is no such conversation, or if it has no result yet.
    pub fn conversation(&self, id: Oid) -> Result<Option<ConversationItem>, QueryError> {
        Ok(self.conversation_row(id)?.and_then(ConversationRow::item))
    }

    fn conversation_row(&self, id: Oid) -> Result<Option<ConversationRow>, RowError> {
        self.view.loaded();
        let table = &self.view.tables.conversations;
        table.row(&Key::org(&self.org).oid(id).done())
    }

    fn orders_of_conversations(&self, ids: &[Oid]) -> Result<Vec<Vec<u8>>, RowError> {
        let mut orders = Vec::new();
        for &id in ids {
            let row = self.conversation_row(id)?;
            // One whose run has not arrived is in no list.
            if let Some(row) = row.filter(|row| row.planned.is_some()) {
                orders.push(order_by_id(row.started_at, id));
            }
        }
        Ok(orders)
    }
}

struct Conversations<'view>(&'view OrgView<'view>);

impl Items for Conversations<'_> {
    type Item = ConversationItem;

    fn load(&mut self, order: &[u8]) -> Result<ConversationItem, RowError> {
        let row = match order_id(order) {
            Some(id) => self.0.conversation_row(id)?,
            None => None,
        };
        let postings = &self.0.view.tables.postings;
        row.and_then(ConversationRow::item)
            .ok_or_else(|| postings.inconsistent("a posting stands for no conversation"))
    }

    fn attributes(&mut self, item: &ConversationItem) -> Result<Attributes, RowError> {
        Ok(Attributes::from([
            ("id".to_owned(), item.id.to_string().into()),
            ("creator".to_owned(), item.creator.as_str().into()),
            ("user_id".to_owned(), item.creator.as_str().into()),
            ("service_id".to_owned(), item.service_id.to_string().into()),
        ]))
    }
}

impl ConversationQuery {
    fn conditions(&self) -> Result<Vec<Condition>, QueryError> {
        let users = self.users.iter().map(|user| value::text(user.as_str()));
        let run_indices = self.run_indices.iter().map(|index| value::number(*index));
        let filters: [(Field, Vec<Vec<u8>>); 5] = [
            (Field::RunIndex, run_indices.collect()),
            (Field::Creator, users.collect()),
            (
                Field::Service,
                self.service_ids.iter().map(|id| value::oid(id.0)).collect(),
            ),
            (
                Field::UnitTest,
                self.unit_test_ids.iter().map(|id| value::oid(id.0)).collect(),
            ),
            (
                Field::Run,
                self.run_ids.iter().map(|id| value::oid(id.0)).collect(),
            ),
        ];
        let mut conditions = Vec::new();
        for (field, values) in filters {
            check_values(values.len())?;
            if !values.is_empty() {
                conditions.push(Condition::any(values.into_iter().map(|value| (field, value))));
            }
        }
        Ok(conditions)
    }
}
