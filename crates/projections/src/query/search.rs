//! Searches: every word of the query must occur, as a word or as the beginning of one; the best match first.

use std::{collections::BTreeSet, ops::Bound};

use model::{Kind, Metric, Object, Persona, Scenario, UnitTest, UnitTestSet};

use super::{
    ListQuery,
    source::Selection,
    visibility::Sight,
    walk::{Direction, Source},
};
use crate::{
    OrgView, QueryError, RowError,
    index::{Field, IndexEntry, MAX_TERMS, joined, posting_prefix, value, words},
    key::{Key, KeyReader, above},
};

/// The most objects that a search finds.
pub const MAX_SEARCH_RESULTS: usize = 50;

/// Up to this many words that begin with a term, each has its postings read in step with the others.
const MAX_FOLLOWED: usize = 64;

/// Words that are rarer than this are collected when many begin with a term.
const RARE: u64 = 1_000;

macro_rules! searches {
    ($($(#[$doc:meta])* $method:ident -> $kind:ident;)+) => {
        impl OrgView<'_> {
            $(
                $(#[$doc])*
                pub fn $method(&self, text: &str, filters: &ListQuery) -> Result<Vec<$kind>, QueryError> {
                    let objects = self.search(Kind::$kind, text, filters)?.into_iter();
                    objects.map(|object| {
                        let Object::$kind(state) = object else { return Err(self.misplaced().into()) };
                        Ok(state)
                    }).collect()
                }
            )+
        }
    };
}

searches! {
    /// Live personas, by name and latest background.
    search_personas -> Persona;
    /// Live scenarios, by name.
    search_scenarios -> Scenario;
    /// Live metrics, by name.
    search_metrics -> Metric;
    /// Live unit tests, by name and description.
    search_unit_tests -> UnitTest;
    /// Live unit test sets, by name and description.
    search_unit_test_sets -> UnitTestSet;
}

/// How well an object matches. Each rank includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    /// The query is the whole name.
    Name,
    /// Every term is a word of the name.
    Words,
    /// Every term is a word of the name or begins one.
    Beginnings,
    /// Every term is or begins a word somewhere.
    Anywhere,
}

impl OrgView<'_> {
    /// Live objects of one kind, at most 50. Of `filters`, order, limit, offset and cursor do not count.
    pub fn search(&self, kind: Kind, text: &str, filters: &ListQuery) -> Result<Vec<Object>, QueryError> {
        let terms: BTreeSet<String> = words(text).collect();
        if terms.len() > MAX_TERMS {
            return Err(QueryError::TooManyTerms {
                limit: MAX_TERMS,
                found: terms.len(),
            });
        }
        let selection = self.selection(kind, filters)?;
        let sight = Sight::of(filters.visible_to.as_ref());
        if terms.is_empty() || matches!(sight, Sight::Nothing) {
            return Ok(Vec::new());
        }
        let mut found: Vec<(Vec<u8>, Object)> = Vec::new();
        for rank in [Rank::Name, Rank::Words, Rank::Beginnings, Rank::Anywhere] {
            let mut sources = Vec::new();
            if rank == Rank::Name {
                sources.push(self.one(&selection, Field::WholeName, &joined(text))?);
            } else {
                for term in &terms {
                    sources.push(match rank {
                        Rank::Name | Rank::Words => self.one(&selection, Field::NameWord, term)?,
                        Rank::Beginnings => self.beginning(&selection, &[Field::NameWord], term)?,
                        Rank::Anywhere => {
                            self.beginning(&selection, &[Field::NameWord, Field::TextWord], term)?
                        }
                    });
                }
            }
            let mut walk = selection.walk(Direction::Forward, sources)?;
            while found.len() < MAX_SEARCH_RESULTS
                && let Some(order) = walk.next()?
            {
                if found.iter().any(|(known, _object)| known == order) {
                    continue;
                }
                let object = self.object_at(kind, order)?;
                if sight.shows(|| object.attributes()) {
                    found.push((order.to_vec(), object));
                }
            }
            if found.len() == MAX_SEARCH_RESULTS {
                break;
            }
        }
        Ok(found.into_iter().map(|(_order, object)| object).collect())
    }

    /// The objects with one word.
    fn one<'view>(
        &self,
        selection: &Selection<'view>,
        field: Field,
        word: &str,
    ) -> Result<(u64, Source<'view>), RowError> {
        let value = value::text(word);
        Ok((
            selection.count(field, &value)?,
            selection.posting(field, &value, Direction::Forward)?,
        ))
    }

    /// The objects with a word that begins with `start`.
    fn beginning<'view>(
        &self,
        selection: &Selection<'view>,
        fields: &[Field],
        start: &str,
    ) -> Result<(u64, Source<'view>), RowError> {
        let mut total = 0_u64;
        let mut sources = Vec::new();
        for &field in fields {
            let found = self.words_from(selection, field, start)?;
            total = found
                .iter()
                .fold(total, |total, (_word, count)| total.saturating_add(*count));
            if found.len() <= MAX_FOLLOWED {
                for (entry, _count) in found {
                    sources.push(selection.posting(entry.field, &entry.value, Direction::Forward)?);
                }
                continue;
            }
            sources.push(Source::these(
                self.rare(selection, field, &found)?,
                Direction::Forward,
            ));
            for (entry, _count) in found.iter().filter(|(_word, count)| *count >= RARE) {
                sources.push(selection.posting(entry.field, &entry.value, Direction::Forward)?);
            }
        }
        Ok((total, Source::Any(sources)))
    }

    /// The words that begin with `start`, and how many objects have each.
    fn words_from(
        &self,
        selection: &Selection<'_>,
        field: Field,
        start: &str,
    ) -> Result<Vec<(IndexEntry, u64)>, RowError> {
        let field_prefix = posting_prefix(&self.org, selection.space, field, &[]);
        let prefix = [field_prefix.as_slice(), &Key::default().text_start(start).done()].concat();
        let mut found = Vec::new();
        for row in self.view.tables.counts.scan(&prefix)? {
            let (key, count) = row?;
            let value = key.value().get(field_prefix.len()..).unwrap_or_default().to_vec();
            found.push((
                IndexEntry { field, value },
                self.view.tables.counts.decode(count.value())?,
            ));
        }
        Ok(found)
    }

    /// The orders of all postings of the rare ones among some words of a field, which ascend. Neighbours are read at one go.
    fn rare(
        &self,
        selection: &Selection<'_>,
        field: Field,
        words: &[(IndexEntry, u64)],
    ) -> Result<Vec<Vec<u8>>, RowError> {
        let postings = &self.view.tables.postings;
        let prefix = |value: &[u8]| posting_prefix(&self.org, selection.space, field, value);
        let field_prefix = prefix(&[]);
        let mut orders = Vec::new();
        for rare in words.split(|(_word, count)| *count >= RARE) {
            let (Some((first, _)), Some((last, _))) = (rare.first(), rare.last()) else {
                continue;
            };
            let (lower, upper) = (prefix(&first.value), above(&prefix(&last.value)));
            for row in postings.range(Bound::Included(&lower), Bound::Excluded(&upper))? {
                let (key, _carried) = row?;
                let mut reader = KeyReader(key.value().get(field_prefix.len()..).unwrap_or_default());
                reader
                    .skip_text()
                    .ok_or_else(|| postings.inconsistent("a posting is of no word"))?;
                orders.push(reader.0.to_vec());
            }
        }
        Ok(orders)
    }
}
