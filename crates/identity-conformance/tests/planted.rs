//! Tests of the suite itself: every planted fault is detected by a law, with the sentence for this fault.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: what must not be is a panic")]

mod faulty;

use std::panic::catch_unwind;

use faulty::{Fault, FaultyHarness};
use identity_conformance::{hold, laws, suite};

/// Without a fault, the same store passes every law, so what is detected below is the fault.
mod no_fault {
    use super::{Fault, FaultyHarness, suite};

    suite!(FaultyHarness::new(Fault::None));
}

/// The sentence with which a law panics; `None` when the store passes it.
fn sentence(law: &'static str, fault: Fault) -> Option<String> {
    let panic = catch_unwind(|| hold(law, move || FaultyHarness::new(fault))).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
}

macro_rules! planted {
    ($($name:ident: $fault:ident is caught by $law:ident, $sentence:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let said = sentence(stringify!($law), Fault::$fault);
                let said = said.unwrap_or_else(|| panic!("the fault {:?} is not detected by {}", Fault::$fault, stringify!($law)));
                assert!(said.contains($sentence), "the fault {:?} is detected for another reason: {said}", Fault::$fault);
            }
        )*
    };
}

planted! {
    creating_over_a_user: CreateOverwrites is caught by create_is_not_update, "does not update one";
    using_an_erased_id_again: ErasedIdsAreNew is caught by an_erased_id_is_never_used_again, "cannot be used again";
    ignoring_versions: VersionsAreIgnored is caught by a_stale_version_is_a_conflict, "is not version 2";
    losing_updates: VersionsAreIgnored is caught by no_update_is_lost, "every acknowledged update counts";
    dropping_events: OneEventACommit is caught by the_version_counts_events, "three events make version 3";
    losing_what_was_typed: TypedFormsAreLost is caught by the_strangest_values_round_trip, "the typed form is not kept";
    cutting_times: TimesAreCut is caught by extreme_times_and_counts_round_trip, "not the one that was written";
    losing_hints: HintsAreLost is caught by every_status_round_trips, "not the one that was written";
    cutting_tenants: TenantsAreCut is caught by texts_are_compared_by_all_their_bytes, "compared by all their bytes";
    cutting_users: UsersAreCut is caught by texts_are_compared_by_all_their_bytes, "compared by all their bytes";
    cutting_budgets: BudgetsAreCut is caught by texts_are_compared_by_all_their_bytes, "compared by all their bytes";
    folding_budgets: BudgetsFold is caught by texts_are_compared_by_all_their_bytes, "compared by all their bytes";
    joining_budgets: BudgetsAreJoined is caught by texts_are_compared_by_all_their_bytes, "compared by all their bytes";
    folding_claims: ClaimsFold is caught by texts_are_compared_by_all_their_bytes, "compared by all their bytes";
    telling_what_others_hold: TakenTellsTheHolders is caught by verified_wins_over_unverified, "nothing of the user who holds it";
    windows_that_follow_the_clock: ClocksMoveWindows is caught by a_window_begins_with_the_first_draw, "was expected";
    windows_of_withheld_messages: WithheldBegins is caught by a_window_lasts_as_long_as_its_last_charge_says, "begins no window";
    not_judging_nothing: NothingAlwaysFits is caught by a_charge_of_nothing_asks_and_writes_nothing, "is judged";
    beginning_with_nothing: NothingBegins is caught by a_charge_of_nothing_asks_and_writes_nothing, "began no window";
    ending_by_nothing: NothingMovesEnds is caught by a_charge_of_nothing_asks_and_writes_nothing, "moves no end";
    windows_that_go_on: FirstLengthCounts is caught by a_charge_of_no_length_begins_its_window_anew, "the window of the draw";
    windows_as_the_first_says: FirstLengthCounts is caught by a_window_lasts_as_long_as_its_last_charge_says, "looks at it says";
    refunds_as_the_first_says: FirstEndsRefunds is caught by a_window_lasts_as_long_as_its_last_charge_says, "the last draw left";
    scanning_64_messages: LeasesScan64 is caught by a_lease_finds_what_is_due_behind_any_number_of_others, "finds what is due";
    scanning_four_times: LeasesScanFourTimes is caught by a_lease_finds_what_is_due_behind_any_number_of_others, "finds what is due";
    shifting_outcomes: OutcomesShift is caught by a_message_settled_as_done_is_removed, "that it names";
    enqueueing_for_users_only: VisitorsAreDropped is caught by an_enqueued_message_needs_no_user, "needs no user";
    enqueueing_again: EnqueuesAgain is caught by a_message_is_enqueued_once, "stays as it is";
    enqueueing_apart: EnqueuesApart is caught by an_enqueued_message_is_one_of_its_users, "one of the user's";
    forgetting_leases: LeasesAreForgotten is caught by a_lease_asked_for_again_gets_the_same_messages, "a lease is durable";
    ending_leases_by_a_worker: WorkersClocksCount is caught by leases_last_by_the_stores_own_clock, "no clock of a worker";
    withdrawing_what_was_leased: EndedLeasesAreWithdrawn is caught by void_challenges_are_withdrawn, "also when the lease ended";
    comparing_spellings: SpellingsDiffer is caught by a_message_that_waits_lets_only_other_addresses_pass, "canonical form";
    ignoring_spellings: SpellingsAreNotWritten is caught by finding_follows_every_change, "only what was typed";
    keeping_providers: ProvidersStay is caught by sent_messages_are_kept_until_they_are_pruned, "those of the settlement";
    capping_histories: HistoryIsCapped is caught by nothing_is_left_out_because_there_is_much, "events are read";
    capping_messages: PostedIsCapped is caught by nothing_is_left_out_because_there_is_much, "messages are listed";
    capping_totals: TotalsAreCapped is caught by nothing_is_left_out_because_there_is_much, "of users on a page, and of all";
    losing_large_events: LargeEventsAreLost is caught by the_longest_values_round_trip, "of any size";
    stripping_a_hundred: HundredAreStripped is caught by nothing_is_left_out_because_there_is_much, "strips every event";
    removing_a_hundred: HundredAreRemoved is caught by nothing_is_left_out_because_there_is_much, "removes every message";
    dropping_the_second: SecondIsDropped is caught by found_users_are_in_order, "everybody who has the key";
    ignoring_rules: RulesAreIgnored is caught by found_users_are_in_order, "rule and text";
    finding_by_nfkc: FindFolds is caught by found_users_are_in_order, "rule and text";
    keeping_entries_of_the_gone: GoneTakePlaces is caught by at_most_100_users_are_found_for_a_key, "take no place";
    going_on_upwards: AscendingGoesOn is caught by tenants_never_mix, "each tenant lists its own user";
    going_on_downwards: DescendingGoesOn is caught by tenants_never_mix, "each tenant lists its own user";
    one_too_many: OneTooMany is caught by every_order_is_kept, "at most the requested number";
    prefixes_by_creation: PrefixesByCreation is caught by a_search_finds_each_user_once, "the order of its list";
    folding_ids: DirectoryFoldsIds is caught by a_directory_has_numbered_pages_in_every_order, "the bytes of their ids";
    tearing_directories: DirectoryTears is caught by a_commit_is_seen_whole_or_not_at_all, "the page and the total";
    matches_in_any_order: MatchesAreUnordered is caught by a_directory_has_numbered_pages_in_every_order, "Some(Search";
    no_total_of_nothing: NothingHasNoTotal is caught by a_directory_has_numbered_pages_in_every_order, "also for a page of 0";
    tearing_loads: LoadsTear is caught by a_commit_is_seen_whole_or_not_at_all, "the claims";
    claims_that_come_later: ClaimsComeLater is caught by a_commit_is_seen_whole_or_not_at_all, "the claims";
    budgets_that_come_later: BudgetsComeLater is caught by a_commit_is_seen_whole_or_not_at_all, "the amount is drawn";
    budgets_that_come_early: BudgetsComeEarly is caught by a_commit_is_seen_whole_or_not_at_all, "the user of the amount drawn";
    releasing_anybodys_claim: ReleasesTouchAnybody is caught by a_release_affects_no_other_users_claim, "the claim stays with its user";
    holding_by_coming_first: FirstComeHolds is caught by verified_wins_over_unverified, "is written";
    keeping_strength: StrengthIsKept is caught by a_claim_takes_on_a_new_strength, "has the strength of the commit";
    releasing_last: ReleasedLast is caught by claims_are_released_before_others_are_taken, "released before others are taken";
    sending_on_conflict: ConflictsSend is caught by a_conflict_leaves_no_trace, "leaves a trace";
    drawing_for_a_taken_claim: TakenDraws is caught by a_taken_claim_leaves_no_trace, "draws nothing";
    claiming_without_budget: ExhaustedClaims is caught by an_exhausted_budget_leaves_no_trace, "leaves a trace";
    drawing_for_withheld_messages: WithheldDraws is caught by a_withheld_message_draws_nothing, "nothing was drawn";
    refusing_instead_of_withholding: WithholdingRefuses is caught by a_withheld_message_draws_nothing, "is written";
    windows_on_the_minute: WindowsOnTheMinute is caught by a_window_begins_with_the_first_draw, "was expected";
    racing_for_quotas: QuotasRace is caught by quotas_are_exact_under_a_race, "ten of thirty-two charges fit";
    folding_tenants: TenantsFold is caught by tenants_never_mix, "is written";
    leases_that_hold_nothing: LeasesHoldNothing is caught by leases_are_exclusive_and_expire, "another lease holds";
    racing_for_draws: DrawsRace is caught by shared_budgets_are_exact_under_a_race, "ten of sixty-four draws fit";
    drawing_before_a_refusal: RefusedDraws is caught by a_refused_draw_draws_nothing, "";
    giving_back_before_a_refusal: RefusedRefunds is caught by a_refused_draw_gives_nothing_back, "gives nothing back";
    cutting_what_is_asked_for_again: AgainIsCut is caught by a_lease_asked_for_again_gets_all_that_is_still_pending, "all that it holds";
    leasing_what_was_reported_on: AgainShowsTheReported is caught by a_lease_asked_for_again_gets_all_that_is_still_pending, "that is pending";
    leaving_nobody_out: NobodyIsLeftOut is caught by a_lease_leaves_out_the_tenants_that_it_names, "is passed over";
    using_an_id_again: IdsAreUsedAgain is caught by an_id_of_a_message_is_used_once, "an id is used once";
    claims_in_any_order: ClaimsAreReversed is caught by claims_come_in_the_order_of_their_keys, "the order of their keys";
    answering_a_key_once: KeysAreFoundOnce is caught by a_key_asked_for_twice_is_answered_twice, "in its place";
    nobody_under_nothing: EmptyPrefixesFindNobody is caught by a_prefix_is_literal, "finds every user";
    ignoring_u_0000: NulsAreIgnored is caught by nobody_is_found_under_a_text_with_u_0000, "nobody is found under";
    dropping_claims_with_u_0000: NulsAreDropped is caught by nobody_is_found_under_a_text_with_u_0000, "is refused";
    racing_for_leases: LeasesRace is caught by leases_are_exclusive_under_a_race, "no task panics";
    not_counting_attempts: AttemptsAreNotCounted is caught by attempts_are_counted, "was not settled counts";
    settling_by_any_lease: AnyLeaseSettles is caught by a_stale_lease_settles_nothing, "the second lease holds them";
    retrying_at_once: RetriesAreDueAtOnce is caught by a_retry_is_due_at_its_time, "not due before its time";
    dropping_what_failed: FailedAreDropped is caught by a_failed_message_becomes_a_dead_letter_and_is_listed, "in the order of their ids";
    sending_the_youngest_first: YoungestFirst is caught by messages_are_leased_in_the_order_in_which_they_are_due, "in the order of due time and id";
    counting_what_has_ended: BacklogsCountTheEnded is caught by a_backlog_is_what_is_pending, "pending no more";
    leasing_a_user_side_by_side: UsersAreNotInOrder is caught by a_lease_holds_one_message_of_a_user, "the first message of a user only";
    leasing_past_one_that_waits: UsersAreNotInOrder is caught by a_message_that_waits_lets_only_other_addresses_pass, "";
    forgetting_providers: ProvidersAreForgotten is caught by the_provider_stays_with_the_message, "the one that the retry named";
    forgetting_what_was_not_settled: UnsettledIsForgotten is caught by the_provider_stays_with_the_message, "is counted";
    believing_the_last_report: LastReportCounts is caught by reports_only_go_forward, "after";
    sending_after_a_report: ReportsDoNotEnd is caught by a_report_finishes_a_pending_message, "was sent";
    dropping_what_was_sent: SentIsDropped is caught by sent_messages_are_kept_until_they_are_pruned, "the message is there";
    pruning_ahead: PrunesAhead is caught by sent_messages_are_kept_until_they_are_pruned, "no message was finished before that time";
    sending_what_is_void: NothingIsWithdrawn is caught by void_challenges_are_withdrawn, "2 is removed";
    charging_one: ChargesAreOne is caught by a_charge_draws_its_amount, "";
    free_changes: OwnChargesAreFree is caught by a_commit_pays_for_itself_before_its_messages, "there is no room";
    free_guesses: OwnChargesAreFree is caught by c81_guesses_at_one_address_are_bounded_exactly, "were judged";
    free_changes_by_random_commands: OwnChargesAreFree is caught by random_sequences_equal_the_model, "store and the model differ";
    withholding_what_is_watched: RecordingWithholds is caught by a_recorded_budget_lets_every_message_pass_and_reports_it, "every message is sent";
    withholding_in_silence: NothingIsTold is caught by a_withheld_message_reports_every_exhausted_budget, "";
    refunding_anywhere: RefundsGoAnywhere is caught by a_refund_goes_back_to_its_window, "";
    refunding_nothing: NothingIsRefunded is caught by a_refund_goes_back_to_its_window, "3 units are available again";
    reports_by_random_commands: ReportsDoNotEnd is caught by random_sequences_equal_the_model, "store and the model differ";
    voids_by_random_commands: NothingIsWithdrawn is caught by random_sequences_equal_the_model, "store and the model differ";
    refunds_by_random_commands: NothingIsRefunded is caught by random_sequences_equal_the_model, "store and the model differ";
    amounts_by_random_commands: ChargesAreOne is caught by random_sequences_equal_the_model, "store and the model differ";
    paging_by_offset: PagesByOffset is caught by paging_is_stable_while_rows_arrive, "repeats a user";
    promising_an_empty_page: FullPagesPromise is caught by every_order_is_kept, "no page follows the last one";
    patterns_in_prefixes: PrefixesArePatterns is caught by a_prefix_is_literal, "names that begin with";
    counting_pages: PagesAreCounted is caught by a_directory_has_numbered_pages_in_every_order, "counts the users of all pages";
    searching_anywhere: SearchesAnywhere is caught by a_directory_search_is_literal_and_follows_changes, "only by the beginning of a key";
    finding_unverified_first: UnverifiedFirst is caught by found_users_are_in_order, "";
    finding_100_in_all: HundredForAllKeys is caught by at_most_100_users_are_found_for_a_key, "100 users for the first key and 1 for the second";
    overlapping_histories: HistoryOverlaps is caught by a_history_is_read_in_pages, "only numbers above";
    keeping_events_of_the_erased: ErasedEventsStay is caught by erasing_leaves_nothing_personal, "every event is stripped";
    keeping_any_event_of_the_erased: ErasedEventsStay is caught by every_event_of_an_erased_user_is_stripped, "the events that remain of ada";
    keeping_messages_of_the_erased: ErasedMessagesStay is caught by erasing_leaves_nothing_personal, "pending messages are removed";
    forgetting_on_restart: RestartForgets is caught by an_acknowledged_commit_is_seen_and_stays, "a restart changes nothing";
    writing_codes_down: CodesAreWritten is caught by c13_no_code_is_at_rest, "a code or a link is stored";
    judging_more_guesses: VersionsAreIgnored is caught by c44_parallel_guesses_are_counted_exactly, "guesses were judged";
    succeeding_twice: VersionsAreIgnored is caught by c45_one_of_many_right_codes_succeeds, "exactly one answer succeeds";
    names_that_claim_no_address: NamesClaimNames is caught by c46_a_username_is_never_another_users_address, "exactly one of them";
    events_that_do_not_make_the_user: OneEventACommit is caught by c48_all_or_nothing, "the result of its events";
    half_events_after_two_failures: OneEventACommit is caught by c48_two_failures_leave_nothing_half, "the result of its events";
    signing_in_twice: DrawsRace is caught by c48_a_sign_in_is_all_or_nothing, "a code is used once";
    creating_half_a_visitor: OneEventACommit is caught by c49_a_failing_port_never_signs_in, "the result of its events";
    strength_by_random_commands: StrengthIsKept is caught by random_sequences_equal_the_model, "store and the model differ";
    retries_by_random_commands: RetriesAreDueAtOnce is caught by random_sequences_equal_the_model, "store and the model differ";
    offsets_by_random_commands: PrefixesArePatterns is caught by random_sequences_equal_the_model, "store and the model differ";
    feeding_by_time: FeedIsByTime is caught by the_feed_has_every_event_of_every_tenant_in_the_order_of_the_commits, "in their order";
    feeding_one_tenant: FeedHasOneTenant is caught by the_feed_has_every_event_of_every_tenant_in_the_order_of_the_commits, "in their order";
    tearing_commits_apart: FeedTearsCommits is caught by the_feed_has_every_event_of_every_tenant_in_the_order_of_the_commits, "whole commits";
    feeding_what_was_erased: FeedTellsOfTheErased is caught by the_feed_has_events_of_erased_users_stripped, "are stripped";
    drawing_positions_early: PositionsAreDrawnEarly is caught by c98_the_feed_forgets_nothing_while_many_commit, "met once and in its order";
    moving_without_reading: EmptyPagesMove is caught by the_feed_goes_on_from_any_position, "moves no cursor";
    taking_any_cursor: AnyCursorCounts is caught by a_cursor_of_another_store_is_refused, "of another store is refused";
    waiting_for_what_was_lost: CursorsMayBeAhead is caught by a_cursor_of_another_store_is_refused, "behind the last event is refused";
    beginning_now_at_the_start: NowIsTheStart is caught by the_feed_can_begin_now, "only what follows comes";
    waking_readers_late: ReadersWakeLate is caught by a_commit_wakes_the_readers_of_the_feed, "a commit wakes who waits";
    losing_cursors: RestartForgets is caught by a_cursor_outlives_a_restart, "the feed is read";
    dropping_the_second_user: AlsoIsDropped is caught by a_commit_of_two_creates_one_and_changes_the_other, "both users of a commit are written";
    judging_one_of_two: AlsoIsUnchecked is caught by a_commit_of_two_conflicts_when_either_is_stale, "the second of two users is judged";
    exchanging_one_by_one: AlsoComesLater is caught by two_users_exchange_claims_in_one_commit, "of both users";
    claiming_one_by_one: AlsoComesLater is caught by a_claim_of_a_third_user_refuses_both, "a third user's claim is taken, and neither";
    drawing_one_by_one: AlsoComesLater is caught by two_users_draw_one_after_the_other, "and neither part leaves a trace";
    erasing_one_by_one: AlsoComesLater is caught by one_is_erased_and_the_other_changed_in_one_commit, "who is erased, held";
    creating_one_by_one: AlsoComesLater is caught by one_of_many_concurrent_creations_of_two_succeeds, "creates nobody else";
    writing_one_by_one: AlsoComesLater is caught by a_commit_of_two_is_whole_whatever_becomes_of_its_caller, "a commit of two is whole";
    conflicting_one_by_one: AlsoComesLater is caught by a_commit_of_two_conflicts_when_either_is_stale, "and neither part leaves a trace";
    drawing_for_the_second_first: AlsoComesFirst is caught by two_users_draw_one_after_the_other, "a budget refuses the first";
    drawing_apart: AlsoHasBudgets is caught by two_users_draw_one_after_the_other, "finds drawn what the first one draws";
    using_an_id_by_two: AlsoUsesIdsAgain is caught by an_id_of_a_message_is_used_once_by_two, "used once";
    keeping_events_of_the_second: AlsoIsNotStripped is caught by one_is_erased_and_the_other_changed_in_one_commit, "are stripped";
    feeding_one_of_two: AlsoIsDropped is caught by the_feed_has_the_events_of_two, "of both users";
    locking_each_other_out: OppositesDeadlock is caught by no_update_of_two_is_lost, "only a conflict was expected";
    merging_one_by_one: AlsoComesLater is caught by c96_a_merge_that_races_leaves_one_owner_of_each_address, "of two merges";
    losing_updates_of_two: AlsoIsUnchecked is caught by no_update_of_two_is_lost, "counts";
    refusals_by_random_commands: WithholdingRefuses is caught by random_sequences_equal_the_model, "store and the model differ";
}

/// The suite runs every law that is written.
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
    assert_eq!(run, written, "a law is missing in the suite, or listed twice");
    for law in written {
        let contract = laws::contract(&law).unwrap_or_default();
        assert!(contract.len() > 20 && contract.ends_with('.'), "{law} does not say what it requires: {contract}");
    }
}
