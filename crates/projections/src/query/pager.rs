//! Cutting a page out of an order, and leaving out of it what a caller may not see.
//!
//! What need not be tested is only loaded if it is shown. What must be is loaded one by one and dropped again, so a page takes
//! as much memory as it shows.

use model::Attributes;

use super::{Cursor, MAX_LIMIT, Page, visibility::Sight, walk::Walk};
use crate::{QueryError, RowError};

/// Where a page begins and how long it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'query> {
    limit: usize,
    offset: u64,
    after: Option<&'query Cursor>,
}

impl<'query> Span<'query> {
    pub(super) const fn new(
        limit: usize,
        offset: u64,
        after: Option<&'query Cursor>,
    ) -> Result<Self, QueryError> {
        if limit > MAX_LIMIT {
            return Err(QueryError::TooManyItems {
                limit: MAX_LIMIT,
                found: limit,
            });
        }
        if offset > 0 && after.is_some() {
            return Err(QueryError::TwoBeginnings);
        }
        Ok(Self { limit, offset, after })
    }

    /// Whether the page is a list's first.
    pub(super) const fn is_first(&self) -> bool {
        self.offset == 0 && self.after.is_none()
    }
}

/// Orders one after the other.
pub(super) enum Orders<'view> {
    /// As the index has them.
    Listed(Walk<'view>),
    /// Otherwise.
    Sorted {
        orders: std::vec::IntoIter<Vec<u8>>,
        current: Vec<u8>,
    },
}

impl<'view> Orders<'view> {
    /// Orders that are sorted otherwise than the index.
    pub(super) fn sorted(orders: Vec<Vec<u8>>) -> Self {
        Self::Sorted {
            orders: orders.into_iter(),
            current: Vec::new(),
        }
    }

    /// What a walk yields after the place where the span begins.
    pub(super) fn listed(mut walk: Walk<'view>, span: &Span<'_>) -> Self {
        if let Some(after) = span.after {
            walk.resume(after.order());
        }
        Self::Listed(walk)
    }

    fn advance(&mut self) -> Result<bool, RowError> {
        match self {
            Self::Listed(walk) => Ok(walk.next()?.is_some()),
            Self::Sorted { orders, current } => {
                let next = orders.next();
                let is_there = next.is_some();
                *current = next.unwrap_or_default();
                Ok(is_there)
            }
        }
    }

    fn current(&self) -> &[u8] {
        match self {
            Self::Listed(walk) => walk.last(),
            Self::Sorted { current, .. } => current,
        }
    }
}

/// What stands behind orders.
pub(super) trait Items {
    type Item;

    /// The item at `order`.
    fn load(&mut self, order: &[u8]) -> Result<Self::Item, RowError>;

    /// What its being shown depends on.
    fn attributes(&mut self, item: &Self::Item) -> Result<Attributes, RowError>;
}

struct Pager<'a, 'view, I: Items> {
    orders: Orders<'view>,
    items: &'a mut I,
    sight: Sight<'a>,
    /// The current item, if it was loaded.
    loaded: Option<I::Item>,
}

impl<I: Items> Pager<'_, '_, I> {
    /// Moves to the next item that is shown; false if there is none.
    fn advance(&mut self) -> Result<bool, RowError> {
        self.loaded = None;
        while self.orders.advance()? {
            match self.sight {
                Sight::Everything => return Ok(true),
                Sight::Nothing => return Ok(false),
                Sight::Tested(_) => {
                    let item = self.items.load(self.orders.current())?;
                    let attributes = self.items.attributes(&item)?;
                    if self.sight.shows(|| attributes) {
                        self.loaded = Some(item);
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn take(&mut self) -> Result<I::Item, RowError> {
        match self.loaded.take() {
            Some(item) => Ok(item),
            None => self.items.load(self.orders.current()),
        }
    }
}

/// Cuts a page out of what is shown.
pub(super) fn page<I: Items>(
    orders: Orders<'_>,
    span: &Span<'_>,
    sight: Sight<'_>,
    items: &mut I,
) -> Result<Page<I::Item>, RowError> {
    let is_listed = matches!(orders, Orders::Listed(_));
    let mut pager = Pager {
        orders,
        items,
        sight,
        loaded: None,
    };
    for _left_out in 0..span.offset {
        if !pager.advance()? {
            return Ok(Page::empty());
        }
    }
    let mut shown = Vec::new();
    let mut next_cursor = span.after.cloned();
    while shown.len() < span.limit && pager.advance()? {
        shown.push(pager.take()?);
        if is_listed && shown.len() == span.limit {
            next_cursor = Some(Cursor::behind(pager.orders.current()));
        }
    }
    let has_more = pager.advance()?;
    let mut page = Page::of(shown, span.offset, has_more);
    if span.after.is_some() {
        page.next_offset = None;
    }
    page.next_cursor = next_cursor.filter(|_cursor| has_more);
    Ok(page)
}
