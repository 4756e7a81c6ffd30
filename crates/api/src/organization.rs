//! The organization itself.

use model::{Command, Language, Name, OrgId, Organization, OrganizationProfile, Time, Timezone};
use serde::{Deserialize, Serialize};

use crate::{
    UserInfo,
    request::{CommandRequest, request},
};

request! {
    /// Replaces the organization's title and defaults.
    Update {
        /// What people call it.
        title: Name = required(),
        /// The language of personas that name none.
        preferred_language: Option<Language> = not_set(),
        /// The time zone of personas that name none.
        timezone: Option<Timezone> = not_set(),
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::UpdateOrganization(OrganizationProfile {
            title: self.title,
            preferred_language: self.preferred_language,
            timezone: self.timezone,
        })
    }
}

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OrganizationInstance)]
pub struct Instance {
    /// Its id.
    pub id: OrgId,
    /// What people call it.
    pub title: Name,
    /// The language of personas that name none.
    #[schema(required)]
    pub preferred_language: Option<Language>,
    /// The time zone of personas that name none.
    #[schema(required)]
    pub timezone: Option<Timezone>,
    /// When it was set up.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Who changed it last.
    pub updated_by: UserInfo,
}

impl From<&Organization> for Instance {
    fn from(organization: &Organization) -> Self {
        Self {
            id: organization.id.clone(),
            title: organization.profile.title.clone(),
            preferred_language: organization.profile.preferred_language.clone(),
            timezone: organization.profile.timezone.clone(),
            created_at: organization.life.created.at,
            updated_at: organization.life.updated.at,
            updated_by: UserInfo::of(&organization.id, &organization.life.updated),
        }
    }
}
