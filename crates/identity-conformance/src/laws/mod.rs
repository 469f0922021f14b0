//! The laws, one function each, named after what it requires. Each takes a harness whose place is empty.

mod claims;
mod codes;
mod directory;
mod erasure;
mod failures;
mod finding;
mod history;
mod listing;
mod model;
mod outbox;
mod post;
mod presence;
mod quotas;
mod races;
mod refusals;
mod round_trip;
mod tenants;

pub use claims::*;
pub use codes::*;
pub use directory::*;
pub use erasure::*;
pub use failures::*;
pub use finding::*;
pub use history::*;
pub use listing::*;
pub use model::*;
pub use outbox::*;
pub use post::*;
pub use presence::*;
pub use quotas::*;
pub use races::*;
pub use refusals::*;
pub use round_trip::*;
pub use tenants::*;

/// Passes the name of every law to a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! for_every_law {
    ([$($then:tt)*] $($arguments:tt)*) => {
        $($then)*! {
            $($arguments)*
            absent_is_none
            create_is_not_update
            an_erased_id_is_never_used_again
            stale_is_conflict
            the_version_counts_events
            an_acknowledged_commit_is_seen_and_stays
            every_status_round_trips
            the_longest_values_round_trip
            the_strangest_values_round_trip
            extreme_times_and_counts_round_trip
            every_event_round_trips
            every_message_round_trips
            claims_are_exclusive_and_given_up
            claims_differ_by_every_part
            verified_wins_over_unverified
            a_release_touches_nobody_elses_claim
            a_claim_takes_on_a_new_strength
            claims_are_released_before_others_are_taken
            a_conflict_leaves_no_trace
            a_taken_claim_leaves_no_trace
            a_used_up_budget_leaves_no_trace
            refusals_come_in_their_order
            a_window_begins_with_the_first_draw
            budgets_are_apart
            a_withheld_message_draws_nothing
            a_refusal_goes_before_withholding
            messages_draw_in_their_order
            a_withheld_message_leaves_its_room
            budgets_survive_a_restart
            a_charge_draws_its_amount
            a_watched_budget_lets_everything_pass_and_says_so
            what_is_withheld_explains_itself
            a_refund_goes_back_to_its_window
            messages_are_leased_in_the_order_in_which_they_are_due
            leases_are_exclusive_and_expire
            attempts_are_counted
            what_is_done_is_gone
            a_stale_lease_settles_nothing
            a_retry_is_due_when_it_says
            a_failed_message_becomes_a_dead_letter_and_is_listed
            one_message_of_a_user_at_a_time
            a_message_that_waits_lets_only_other_addresses_pass
            the_provider_stays_with_the_message
            what_was_sent_is_kept_until_it_is_pruned
            reports_only_go_forward
            a_report_ends_a_message_on_its_way
            a_users_post_comes_in_pages
            what_is_void_is_withdrawn
            one_of_many_creates
            one_of_many_takes_a_claim
            no_update_is_lost
            quotas_are_exact_under_a_race
            leases_are_exclusive_under_a_race
            every_order_is_kept
            paging_is_stable_while_rows_arrive
            a_user_that_changes_is_not_missed
            a_prefix_is_literal
            a_search_finds_each_user_once
            a_directory_has_numbered_pages_in_every_order
            a_directory_search_is_literal_and_follows_changes
            finding_has_its_order
            at_most_100_are_found
            finding_follows_every_change
            a_history_comes_in_pages
            tenants_never_mix
            erasing_leaves_nothing_personal
            every_event_of_the_erased_is_stripped
            random_sequences_equal_the_model
            c06_a_code_works_once
            c13_no_code_is_at_rest
            c44_parallel_guesses_are_counted_exactly
            c45_one_of_many_right_codes_succeeds
            c46_a_username_is_nobody_elses_address
            c48_all_or_nothing
            c49_a_failing_port_never_verifies
        }
    };
}

macro_rules! names {
    ($($law:ident)*) => { &[$(stringify!($law)),*] };
}

/// The names of all laws.
pub const NAMES: &[&str] = for_every_law!([names]);
