//! What every journal promises, as checks that each implementation must pass.
//!
//! Each function takes a journal of its own, empty, whose leases last [`LEASE`], and panics where a promise is broken. They wait for
//! what they expect and never sleep, so they run in paused time as well as against a real server.

mod agents;
mod deliveries;
mod events;
mod fixtures;
mod followers;
mod jobs;
mod leads;
mod notices;
mod objects;
mod results;
mod subscriptions;
mod turns;

use std::time::Duration;

pub use agents::{Attend, agents_are_asked, twice};
pub use deliveries::deliveries_are_kept_once;
pub use events::{
    append_is_all_or_none, append_then_read, appends_to_one_organization_form_one_chain,
    conflicts_are_per_organization, large_batches_and_bad_ones, pages_end, repeated_commands_are_recognized,
};
pub use fixtures::{commit, commits, job, key, org, result, run, turn};
pub use followers::{commits_are_followed_together, followers_keep_their_place};
pub use jobs::{
    dead_letters_are_kept, enqueued_twice_is_once, jobs_are_handed_out_once, leases_wait,
    lost_leases_come_back, progress_prolongs, purged_jobs_are_gone, released_jobs_come_back_at_once,
    retries_come_at_their_time,
};
pub use leads::one_leads_at_a_time;
pub use notices::{cancellations_are_told, notices_reach_their_watchers};
pub use objects::objects_are_what_their_name_says;
pub use results::{many_results_are_read_to_the_end, one_result_for_each_conversation};
pub use subscriptions::{
    event_subscriptions_stay_live, result_subscriptions_stay_live, subscriptions_from_beyond_the_end_fail,
};
pub use turns::{many_conversations_at_once, turns_fence};

/// How long leases last in the journals that are checked: long enough that a busy machine does not lose one by accident.
pub const LEASE: Duration = Duration::from_secs(3);
/// How long something may take that should happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Names every check, for a macro that makes a test of each.
#[cfg(test)]
macro_rules! every_check {
    ($tests:ident) => {
        $tests! {
            append_is_all_or_none append_then_read appends_to_one_organization_form_one_chain
            conflicts_are_per_organization large_batches_and_bad_ones pages_end repeated_commands_are_recognized
            dead_letters_are_kept enqueued_twice_is_once jobs_are_handed_out_once leases_wait lost_leases_come_back
            progress_prolongs purged_jobs_are_gone released_jobs_come_back_at_once retries_come_at_their_time
            one_leads_at_a_time cancellations_are_told notices_reach_their_watchers objects_are_what_their_name_says
            many_results_are_read_to_the_end one_result_for_each_conversation event_subscriptions_stay_live
            result_subscriptions_stay_live subscriptions_from_beyond_the_end_fail many_conversations_at_once turns_fence
            commits_are_followed_together followers_keep_their_place deliveries_are_kept_once
        }
    };
}
#[cfg(test)]
pub(crate) use every_check;
