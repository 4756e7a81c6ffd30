//! Versions of an object.

use std::str::FromStr;

use model::{Invalid, ObjectRef, Version};

use super::{MAX_LIMIT, Page};
use crate::{OrgView, QueryError, key::Key};

/// Which versions: `N`, `latest`, or `A-B` where B may be `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionFilter {
    /// This one.
    Number(u32),
    /// The newest one.
    Latest,
    /// From one to another, both included; without an end, to the newest.
    Range {
        /// The first.
        first: u32,
        /// The last; none: the newest.
        last: Option<u32>,
    },
}

impl FromStr for VersionFilter {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten()
        };
        let parsed = match text.split_once('-') {
            None if text == "latest" => Some(Self::Latest),
            None => number(text).map(Self::Number),
            Some((first, "latest")) => number(first).map(|first| Self::Range { first, last: None }),
            Some((first, last)) => match (number(first), number(last)) {
                (Some(first), Some(last)) if first <= last => Some(Self::Range {
                    first,
                    last: Some(last),
                }),
                (Some(_) | None, Some(_) | None) => None,
            },
        };
        parsed.ok_or_else(|| {
            Invalid::new("must be a version such as `3`, `latest`, or a range such as `1-3` or `2-latest`")
        })
    }
}

/// Which versions of an object, in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VersionQuery {
    /// Which; none: all.
    pub filter: Option<VersionFilter>,
    /// The oldest first rather than the newest.
    pub ascending: bool,
    /// The most items.
    pub limit: usize,
    /// How many items to leave out.
    pub offset: u64,
}

impl OrgView<'_> {
    /// Versions of an object; none if there is no such object.
    pub fn versions(
        &self,
        object: &ObjectRef,
        query: &VersionQuery,
    ) -> Result<Option<Page<Version>>, QueryError> {
        if query.limit > MAX_LIMIT {
            return Err(QueryError::TooManyItems {
                limit: MAX_LIMIT,
                found: query.limit,
            });
        }
        let Some(state) = self.load(object)? else {
            return Ok(None);
        };
        let latest = state.latest_version();
        let (first, last) = match query.filter {
            None => (1, latest),
            Some(VersionFilter::Latest) => (latest, latest),
            Some(VersionFilter::Number(number)) => (number, number),
            Some(VersionFilter::Range { first, last }) => (first, last.unwrap_or(latest)),
        };
        // Versions are numbered without gaps, so pages are reckoned.
        let (first, last) = (u64::from(first.max(1)), u64::from(last.min(latest)));
        let n_matches = (last + 1).saturating_sub(first);
        let n_left = n_matches.saturating_sub(query.offset);
        let n_items = n_left.min(query.limit as u64);
        let table = &self.view.tables.versions;
        let mut versions = Vec::new();
        for index in query.offset..query.offset.saturating_add(n_items) {
            let number = if query.ascending {
                first + index
            } else {
                last - index
            };
            let number =
                u32::try_from(number).map_err(|_impossible| table.inconsistent("a number is too large"))?;
            let row = table.row(&Key::org(&self.org).object_then(object).number(number).done())?;
            versions.push(row.ok_or_else(|| table.inconsistent("a version is missing"))?);
        }
        Ok(Some(Page::of(versions, query.offset, n_left > n_items)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_a_number_latest_or_a_range() {
        let parsed = |text: &str| text.parse::<VersionFilter>().ok();
        assert_eq!(parsed("3"), Some(VersionFilter::Number(3)));
        assert_eq!(parsed("latest"), Some(VersionFilter::Latest));
        assert_eq!(
            parsed("1-3"),
            Some(VersionFilter::Range {
                first: 1,
                last: Some(3)
            })
        );
        assert_eq!(
            parsed("2-latest"),
            Some(VersionFilter::Range { first: 2, last: None })
        );
        for text in [
            "",
            "-",
            "1-",
            "-3",
            "3-1",
            "latest-3",
            "+1",
            "1.0",
            "99999999999",
            "1-2-3",
            "Latest",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
