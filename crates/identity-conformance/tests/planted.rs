//! The suite is tested itself: every planted fault is caught by a law, and by its own sentence.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: what must not be is a panic")]

mod faulty;

use std::panic::{AssertUnwindSafe, catch_unwind};

use faulty::{Fault, FaultyHarness};
use identity_conformance::{block_on, laws, suite};

/// Without a fault the same store keeps every law: what is caught below is the fault.
mod no_fault {
    use super::{Fault, FaultyHarness, suite};

    suite!(FaultyHarness::new(Fault::None));
}

/// The sentence with which a law breaks.
fn sentence(law: impl Future<Output = ()>) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| block_on(law))).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
}

macro_rules! planted {
    ($($name:ident: $fault:ident is caught by $law:ident, $sentence:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let said = sentence(async { laws::$law(&FaultyHarness::new(Fault::$fault)).await });
                let said = said.unwrap_or_else(|| panic!("{:?} goes unnoticed by {}", Fault::$fault, stringify!($law)));
                assert!(said.contains($sentence), "{:?} is noticed for another reason: {said}", Fault::$fault);
            }
        )*
    };
}

planted! {
    creating_over_a_user: CreateOverwrites is caught by create_is_not_update, "create is not update";
    using_an_erased_id_again: ErasedIdsAreNew is caught by an_erased_id_is_never_used_again, "used up";
    ignoring_versions: VersionsAreIgnored is caught by stale_is_conflict, "is not version 2";
    losing_updates: VersionsAreIgnored is caught by no_update_is_lost, "every acknowledged update counts";
    dropping_events: OneEventACommit is caught by the_version_counts_events, "three events make version 3";
    losing_what_was_typed: TypedFormsAreLost is caught by the_strangest_values_round_trip, "what was typed is not kept";
    cutting_times: TimesAreCut is caught by extreme_times_and_counts_round_trip, "what is read is not what was written";
    losing_hints: HintsAreLost is caught by every_status_round_trips, "what is read is not what was written";
    releasing_anybodys_claim: ReleasesTouchAnybody is caught by a_release_touches_nobody_elses_claim, "stays where it was";
    holding_by_coming_first: FirstComeHolds is caught by verified_wins_over_unverified, "goes through";
    keeping_strength: StrengthIsKept is caught by a_claim_takes_on_a_new_strength, "as strong as was said";
    releasing_last: ReleasedLast is caught by claims_are_released_before_others_are_taken, "released first";
    sending_on_conflict: ConflictsSend is caught by a_conflict_leaves_no_trace, "leaves a trace";
    drawing_for_a_taken_claim: TakenDraws is caught by a_taken_claim_leaves_no_trace, "draws nothing";
    claiming_without_budget: ExhaustedClaims is caught by a_used_up_budget_leaves_no_trace, "leaves a trace";
    drawing_for_withheld_messages: WithheldDraws is caught by a_withheld_message_draws_nothing, "nothing was drawn";
    refusing_instead_of_withholding: WithholdingRefuses is caught by a_withheld_message_draws_nothing, "goes through";
    windows_on_the_minute: WindowsOnTheMinute is caught by a_window_begins_with_the_first_draw, "was expected";
    racing_for_quotas: QuotasRace is caught by quotas_are_exact_under_a_race, "ten of thirty-two have room";
    folding_tenants: TenantsFold is caught by tenants_never_mix, "goes through";
    leases_that_hold_nothing: LeasesHoldNothing is caught by leases_are_exclusive_and_expire, "another lease holds";
    racing_for_leases: LeasesRace is caught by leases_are_exclusive_under_a_race, "no task panics";
    not_counting_attempts: AttemptsAreNotCounted is caught by attempts_are_counted, "was not settled counts";
    settling_by_any_lease: AnyLeaseSettles is caught by a_stale_lease_settles_nothing, "the second lease holds them";
    retrying_at_once: RetriesAreDueAtOnce is caught by a_retry_is_due_when_it_says, "it is not due yet";
    dropping_what_failed: FailedAreDropped is caught by a_failed_message_becomes_a_dead_letter_and_is_listed, "in the order of their ids";
    sending_the_youngest_first: YoungestFirst is caught by messages_are_leased_in_the_order_in_which_they_are_due, "due longest first";
    leasing_a_user_side_by_side: UsersAreNotInOrder is caught by one_message_of_a_user_at_a_time, "the first one";
    leasing_past_one_that_waits: UsersAreNotInOrder is caught by a_message_that_waits_lets_only_other_addresses_pass, "";
    forgetting_providers: ProvidersAreForgotten is caught by the_provider_stays_with_the_message, "the provider was noted";
    forgetting_what_was_not_settled: UnsettledIsForgotten is caught by the_provider_stays_with_the_message, "is counted";
    believing_the_last_report: LastReportCounts is caught by reports_only_go_forward, "after";
    sending_after_a_report: ReportsDoNotEnd is caught by a_report_ends_a_message_on_its_way, "was sent";
    dropping_what_was_sent: SentIsDropped is caught by what_was_sent_is_kept_until_it_is_pruned, "the message is there";
    pruning_ahead: PrunesAhead is caught by what_was_sent_is_kept_until_it_is_pruned, "nothing ended before that";
    sending_what_is_void: NothingIsWithdrawn is caught by what_is_void_is_withdrawn, "2 goes";
    charging_one: ChargesAreOne is caught by a_charge_draws_its_amount, "";
    withholding_what_is_watched: RecordingWithholds is caught by a_watched_budget_lets_everything_pass_and_says_so, "everything goes";
    withholding_in_silence: NothingIsTold is caught by what_is_withheld_explains_itself, "";
    refunding_anywhere: RefundsGoAnywhere is caught by a_refund_goes_back_to_its_window, "";
    refunding_nothing: NothingIsRefunded is caught by a_refund_goes_back_to_its_window, "3 are there again";
    reports_by_random_commands: ReportsDoNotEnd is caught by random_sequences_equal_the_model, "store and the model differ";
    voids_by_random_commands: NothingIsWithdrawn is caught by random_sequences_equal_the_model, "store and the model differ";
    refunds_by_random_commands: NothingIsRefunded is caught by random_sequences_equal_the_model, "store and the model differ";
    amounts_by_random_commands: ChargesAreOne is caught by random_sequences_equal_the_model, "store and the model differ";
    paging_by_offset: PagesByOffset is caught by paging_is_stable_while_rows_arrive, "repeats somebody";
    promising_an_empty_page: FullPagesPromise is caught by every_order_is_kept, "no page is behind the last one";
    patterns_in_prefixes: PrefixesArePatterns is caught by a_prefix_is_literal, "names that begin with";
    counting_pages: PagesAreCounted is caught by a_directory_has_numbered_pages_in_every_order, "that of all pages";
    searching_anywhere: SearchesAnywhere is caught by a_directory_search_is_literal_and_follows_changes, "by the beginning alone";
    finding_unverified_first: UnverifiedFirst is caught by finding_has_its_order, "";
    finding_100_in_all: HundredForAllKeys is caught by at_most_100_are_found, "100 of the one and 1 of the other";
    overlapping_histories: HistoryOverlaps is caught by a_history_comes_in_pages, "the numbers above";
    keeping_events_of_the_erased: ErasedEventsStay is caught by erasing_leaves_nothing_personal, "every event is stripped";
    keeping_any_event_of_the_erased: ErasedEventsStay is caught by every_event_of_the_erased_is_stripped, "what stays of ada";
    keeping_messages_of_the_erased: ErasedMessagesStay is caught by erasing_leaves_nothing_personal, "messages on their way go";
    forgetting_on_restart: RestartForgets is caught by an_acknowledged_commit_is_seen_and_stays, "a restart changes nothing";
    writing_codes_down: CodesAreWritten is caught by c13_no_code_is_at_rest, "a code or a link is at rest";
    judging_more_guesses: VersionsAreIgnored is caught by c44_parallel_guesses_are_counted_exactly, "guesses were judged";
    succeeding_twice: VersionsAreIgnored is caught by c45_one_of_many_right_codes_succeeds, "exactly one succeeds";
    names_that_claim_no_address: NamesClaimNames is caught by c46_a_username_is_nobody_elses_address, "exactly one of them";
    events_that_do_not_make_the_user: OneEventACommit is caught by c48_all_or_nothing, "what its events make";
    strength_by_random_commands: StrengthIsKept is caught by random_sequences_equal_the_model, "store and the model differ";
    retries_by_random_commands: RetriesAreDueAtOnce is caught by random_sequences_equal_the_model, "store and the model differ";
    offsets_by_random_commands: PrefixesArePatterns is caught by random_sequences_equal_the_model, "store and the model differ";
    refusals_by_random_commands: WithholdingRefuses is caught by random_sequences_equal_the_model, "store and the model differ";
}

/// The suite runs every law that there is.
#[test]
fn every_law_is_in_the_suite() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/laws");
    let mut written = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split(['(', '<']).next());
        written.extend(names.map(str::to_owned));
    }
    written.sort();
    let mut run: Vec<String> = laws::NAMES.iter().map(|name| (*name).to_owned()).collect();
    run.sort();
    assert_eq!(run, written, "a law is missing in the suite, or stands there twice");
}
