use std::collections::BTreeSet;

use identity::Refusal;

/// The source of the kinds of events: a new one is expected as soon as it is there.
const EVENTS: &str = include_str!("../../../identity-core/src/change/event.rs");

/// Events and refusals that no world can reach, each with its reason.
const NEVER: [&str; 14] = [
    // The policies of a world stay as they are, and so do its claims.
    "event claims_updated",
    // No policy of a world delays a change.
    "event change_scheduled",
    "event change_stopped",
    // Nobody in a world opens the link of a notice: `disavowal_thief` of the core has worlds of their own for that.
    "event disavowed",
    "answer disavowal_forged",
    "answer disavowal_key_gone",
    "answer disavowal_used",
    "answer disavowal_over",
    "answer nothing_to_undo",
    "answer taken_since",
    // The policy of a world refuses what another user has: the core's laws of contests go through every state of two users.
    "event contest_opened",
    "event contest_ended",
    "answer contested",
    "answer no_contest",
];

/// What must have happened at least once in a long run.
#[must_use]
pub fn expected() -> BTreeSet<String> {
    let kinds = EVENTS.lines().filter_map(|line| {
        let (variant, kind) = line.trim().split_once(" => \"")?;
        variant.starts_with("Self::").then(|| format!("event {}", kind.trim_end_matches("\",")))
    });
    let refusals = Refusal::CODES.iter().map(|code| format!("answer {code}"));
    let others = [
        "handed Accepted",
        "handed AcceptedForGood",
        "handed Transient",
        "handed Unknown",
        "handed Permanent",
        "handed again in doubt",
        "judged right",
        "judged wrong",
        "post withheld",
        "proof sign_in",
        "proof step_up",
        "proof signed in",
        "merge done",
        "merge in conflict",
    ];
    let all = kinds.chain(refusals).chain(others.map(str::to_owned));
    all.filter(|name| !NEVER.contains(&name.as_str())).collect()
}
