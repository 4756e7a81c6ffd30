//! What of a list a caller may see.

use std::sync::Arc;

use model::{Access, Attributes, Reach};

/// Shows only what a permission of the caller reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Visibility {
    /// What the caller may do.
    pub access: Arc<Access>,
    /// The permission that shows something, such as `Metric:GetMetric`.
    pub permission: &'static str,
}

/// How much of what a query selects is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sight<'query> {
    /// All of it; nothing need be tested.
    Everything,
    /// None of it.
    Nothing,
    /// What passes a test.
    Tested(&'query Visibility),
}

impl<'query> Sight<'query> {
    pub(super) fn of(visible_to: Option<&'query Visibility>) -> Self {
        let Some(visibility) = visible_to else {
            return Self::Everything;
        };
        match visibility.access.reach(visibility.permission) {
            Reach::Nothing => Self::Nothing,
            Reach::Some => Self::Tested(visibility),
            Reach::Everything => Self::Everything,
        }
    }

    /// Whether something with these attributes is shown.
    pub(super) fn shows(self, attributes: impl FnOnce() -> Attributes) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::Tested(Visibility { access, permission }) => access.permits(permission, &attributes()),
        }
    }
}
