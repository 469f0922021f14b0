//! The laws, one function each, named after what it requires. Each takes a harness whose place is empty.

mod budgets;
mod claims;
mod codes;
mod contests;
mod directory;
mod erasure;
mod failures;
mod feed;
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
mod reserve;
mod round_trip;
mod sign_in;
mod tenants;
mod texts;
mod two;

use std::pin::Pin;

use crate::Harness;

/// Makes the laws of these files public, and their texts known to [`contract`].
macro_rules! files {
    ($($file:ident)*) => {
        $(pub use $file::*;)*
        const FILES: &[&str] = &[$(include_str!(concat!(stringify!($file), ".rs"))),*];
    };
}

files! {
    budgets claims codes contests directory erasure failures feed finding history listing model outbox post
    presence quotas races refusals reserve round_trip sign_in tenants texts two
}

/// What a law requires of a store: its documentation. `None` when no law has this name.
///
/// ```
/// let contract = identity_conformance::laws::contract("create_is_not_update").expect("a law");
/// assert!(contract.starts_with("A commit that creates a user does not update one"));
/// ```
#[must_use]
pub fn contract(law: &str) -> Option<String> {
    let heads = ["(", "<"].map(|end| format!("\npub async fn {law}{end}"));
    let (before, _) = FILES.iter().find_map(|file| heads.iter().find_map(|head| file.split_once(head)))?;
    let mut lines: Vec<&str> = before.lines().rev().map_while(|line| line.strip_prefix("/// ")).collect();
    lines.reverse();
    Some(lines.join(" "))
}

/// Passes the name of every law to a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! for_every_law {
    ([$($then:tt)*] $($arguments:tt)*) => {
        $($then)*! {
            $($arguments)*
            an_absent_user_is_none
            create_is_not_update
            an_erased_id_is_never_used_again
            a_stale_version_is_a_conflict
            the_version_counts_events
            an_acknowledged_commit_is_seen_and_stays
            every_status_round_trips
            the_longest_values_round_trip
            the_strangest_values_round_trip
            c95_every_json_number_comes_back_bit_for_bit
            extreme_times_and_counts_round_trip
            every_event_round_trips
            every_message_round_trips
            claims_are_exclusive_and_can_be_released
            claims_come_in_the_order_of_their_keys
            claims_differ_by_every_part
            verified_wins_over_unverified
            a_release_affects_no_other_users_claim
            a_claim_takes_on_a_new_strength
            claims_are_released_before_others_are_taken
            a_conflict_leaves_no_trace
            a_taken_claim_leaves_no_trace
            an_exhausted_budget_leaves_no_trace
            refusals_follow_their_order
            a_window_begins_with_the_first_draw
            a_window_lasts_as_long_as_its_last_charge_says
            budgets_are_separate
            a_withheld_message_draws_nothing
            a_refusing_charge_wins_over_a_withholding_one
            messages_draw_in_their_order
            a_withheld_message_leaves_its_share_to_others
            budgets_survive_a_restart
            a_charge_draws_its_amount
            a_charge_of_nothing_asks_and_writes_nothing
            a_charge_of_no_length_begins_its_window_anew
            a_recorded_budget_lets_every_message_pass_and_reports_it
            a_withheld_message_reports_every_exhausted_budget
            a_refund_goes_back_to_its_window
            a_commit_pays_for_itself_before_its_messages
            messages_are_leased_in_the_order_in_which_they_are_due
            a_lease_finds_what_is_due_behind_any_number_of_others
            leases_are_exclusive_and_expire
            attempts_are_counted
            a_message_settled_as_done_is_removed
            a_stale_lease_settles_nothing
            a_backlog_is_what_is_pending
            leases_last_by_the_stores_own_clock
            a_lease_asked_for_again_gets_the_same_messages
            a_lease_asked_for_again_gets_all_that_is_still_pending
            a_lease_leaves_out_the_tenants_that_it_names
            an_id_of_a_message_is_used_once
            a_release_is_no_attempt
            channels_do_not_wait_for_each_other
            an_enqueued_message_needs_no_user
            a_message_is_enqueued_once
            an_enqueued_message_is_one_of_its_users
            a_retry_is_due_at_its_time
            a_failed_message_becomes_a_dead_letter_and_is_listed
            a_lease_holds_one_message_of_a_user
            a_message_that_waits_lets_only_other_addresses_pass
            the_provider_stays_with_the_message
            sent_messages_are_kept_until_they_are_pruned
            reports_only_go_forward
            a_report_finishes_a_pending_message
            a_users_messages_are_listed_in_pages
            void_challenges_are_withdrawn
            what_is_due_later_holds_up_nobody
            one_of_many_concurrent_creations_succeeds
            one_of_many_concurrent_claims_succeeds
            c87_as_many_concurrent_users_take_slots_of_a_mailbox_as_there_are
            no_update_is_lost
            quotas_are_exact_under_a_race
            leases_are_exclusive_under_a_race
            a_commit_is_seen_whole_or_not_at_all
            every_order_is_kept
            paging_is_stable_while_rows_arrive
            a_user_that_changes_is_not_missed
            a_prefix_is_literal
            a_search_finds_each_user_once
            a_directory_has_numbered_pages_in_every_order
            a_directory_search_is_literal_and_follows_changes
            found_users_are_in_order
            a_key_asked_for_twice_is_answered_twice
            at_most_100_users_are_found_for_a_key
            finding_follows_every_change
            a_history_is_read_in_pages
            nothing_is_left_out_because_there_is_much
            tenants_never_mix
            texts_are_compared_by_all_their_bytes
            nobody_is_found_under_a_text_with_u_0000
            erasing_leaves_nothing_personal
            every_event_of_an_erased_user_is_stripped
            the_feed_has_every_event_of_every_tenant_in_the_order_of_the_commits
            the_feed_goes_on_from_any_position
            a_cursor_outlives_a_restart
            a_cursor_of_another_store_is_refused
            the_feed_can_begin_now
            the_feed_has_events_of_erased_users_stripped
            c98_the_feed_forgets_nothing_while_many_commit
            a_commit_wakes_the_readers_of_the_feed
            a_commit_of_two_conflicts_when_either_is_stale
            a_commit_of_two_creates_one_and_changes_the_other
            two_users_exchange_claims_in_one_commit
            a_claim_of_a_third_user_refuses_both
            two_users_draw_one_after_the_other
            an_id_of_a_message_is_used_once_by_two
            one_is_erased_and_the_other_changed_in_one_commit
            the_feed_has_the_events_of_two
            one_of_many_concurrent_creations_of_two_succeeds
            no_update_of_two_is_lost
            a_commit_of_two_is_whole_whatever_becomes_of_its_caller
            c96_a_merge_that_races_leaves_one_owner_of_each_address
            random_sequences_equal_the_model
            c06_a_code_works_once
            c13_no_code_is_at_rest
            c44_parallel_guesses_are_counted_exactly
            c45_one_of_many_right_codes_succeeds
            c46_a_username_is_never_another_users_address
            c96_a_contest_raced_by_both_sides_ends_once_with_one_owner
            one_of_many_concurrent_contests_is_opened
            c48_all_or_nothing
            c48_two_failures_leave_nothing_half
            c48_a_sign_in_is_all_or_nothing
            c49_a_failing_port_never_verifies
            c49_a_failing_port_never_signs_in
            c80_a_withheld_challenge_verifies_nothing
            c81_guesses_at_one_address_are_bounded_exactly
            a_reserve_is_drawn_exactly_under_a_race
            shared_budgets_are_exact_under_a_race
            a_refused_draw_draws_nothing
            a_refused_draw_gives_nothing_back
            a_shared_window_begins_with_its_first_draw
            many_tenants_at_once_keep_to_the_shared_budget
        }
    };
}

macro_rules! names {
    ($($law:ident)*) => { &[$(stringify!($law)),*] };
}

macro_rules! laws {
    ($($law:ident)*) => { &[$((stringify!($law), |harness| Box::pin($law(harness)))),*] };
}

type Law = for<'a> fn(&'a dyn Harness) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

pub(crate) const LAWS: &[(&str, Law)] = for_every_law!([laws]);

/// The names of all laws.
pub const NAMES: &[&str] = for_every_law!([names]);
