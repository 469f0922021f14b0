//! The judge itself, held against histories that could be and against each anomaly, planted in one of them.

use std::collections::BTreeMap;

use identity_lab::world::Dice;

use crate::checker::{Anomaly, Call, Op, Seen, judge};

const USERS: u8 = 3;

struct History {
    ops: Vec<Op>,
    last: BTreeMap<u8, Vec<u64>>,
}

/// Calls of several processes on a store that does one after the other, at a time between the start and the end of each.
fn history(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut last: BTreeMap<u8, Vec<u64>> = (0..USERS).map(|user| (user, vec![0])).collect();
    let mut ops = Vec::new();
    for number in 1..200_u64 {
        // It happens at `at`, and began and ended up to three steps before and after.
        let at = number * 1_000;
        let (start, end) = (at - u64::from(dice.roll(3_000)).min(at), at + 1 + u64::from(dice.roll(3_000)));
        let user = u8::try_from(dice.roll(u32::from(USERS))).unwrap();
        let newest = |last: &BTreeMap<u8, Vec<u64>>, user: u8| {
            let marks = &last[&user];
            Seen { user, version: marks.len() as u64, mark: *marks.last().unwrap() }
        };
        let call = match dice.roll(8) {
            0..=3 => Call::Read(newest(&last, user)),
            4 => {
                // What it wanted to write was written by another one.
                let seen = newest(&last, user);
                if seen.version == 1 {
                    continue;
                }
                Call::Refused(vec![Seen { mark: number, ..seen }])
            }
            5 if dice.roll(2) == 0 => {
                let version = newest(&last, user).version + 1;
                Call::Perhaps(vec![Seen { user, version, mark: number }])
            }
            what => {
                let users = if what == 7 { vec![user, (user + 1) % USERS] } else { vec![user] };
                let write = |user: u8| {
                    let version = newest(&last, user).version + 1;
                    Seen { user, version, mark: number }
                };
                let seen: Vec<Seen> = users.into_iter().map(write).collect();
                seen.iter().for_each(|seen| last.get_mut(&seen.user).unwrap().push(number));
                // Nobody knows of some that they happened.
                if dice.roll(9) == 0 { Call::Perhaps(seen) } else { Call::Wrote(seen) }
            }
        };
        ops.push(Op { start, end, call });
    }
    History { ops, last }
}

impl History {
    /// The place of a call with this quality, in the second half.
    fn find(&self, is_it: impl Fn(&Op) -> bool) -> usize {
        let half = self.ops.len() / 2;
        half + self.ops[half..].iter().position(is_it).expect("there is such a call")
    }

    fn wrote(&self, users: usize) -> (usize, Vec<Seen>) {
        let at = self.find(|op| matches!(&op.call, Call::Wrote(seen) if seen.len() == users));
        let Call::Wrote(seen) = &self.ops[at].call else { unreachable!() };
        (at, seen.clone())
    }

    fn judged(&self) -> Option<Anomaly> {
        judge(&self.ops, &self.last).err()
    }
}

#[test]
fn a_history_that_could_be_is_no_anomaly() {
    for seed in 0..300 {
        let History { ops, last } = history(seed);
        let judged = judge(&ops, &last).unwrap_or_else(|anomaly| panic!("seed {seed}: {anomaly:?}"));
        assert!(judged.reads > 50 && judged.writes > 30, "{judged:?}");
    }
}

#[test]
fn every_planted_anomaly_is_found() {
    for seed in 0..100 {
        // Another write took the place of one that was acknowledged.
        let mut lost = history(seed);
        let (_, seen) = lost.wrote(1);
        let [Seen { user, version, .. }] = seen[..] else { unreachable!() };
        lost.last.get_mut(&user).unwrap()[usize::try_from(version).unwrap() - 1] = 9_999;
        lost.ops.push(Op { start: 0, end: 1_000_000, call: Call::Wrote(vec![Seen { user, version, mark: 9_999 }]) });
        assert_eq!(lost.judged(), Some(Anomaly::Lost(seen[0])), "seed {seed}");

        let mut torn = history(seed);
        let (_, seen) = torn.wrote(2);
        let rest = torn.last.get_mut(&seen[0].user).unwrap();
        rest[usize::try_from(seen[0].version).unwrap() - 1] = 0;
        assert_eq!(torn.judged(), Some(Anomaly::Torn(seen)), "seed {seed}");

        let mut twice = history(seed);
        let (_, seen) = twice.wrote(1);
        twice.last.get_mut(&seen[0].user).unwrap().push(seen[0].mark);
        assert_eq!(twice.judged(), Some(Anomaly::Twice(seen[0].mark)), "seed {seed}");

        let mut invented = history(seed);
        invented.last.get_mut(&1).unwrap().push(7_777);
        assert!(matches!(invented.judged(), Some(Anomaly::Invented(seen)) if seen.mark == 7_777), "seed {seed}");

        // A read of what was taken back.
        let mut dirty = history(seed);
        let at = dirty.find(|op| matches!(op.call, Call::Read(_)));
        let Call::Read(seen) = &mut dirty.ops[at].call else { unreachable!() };
        seen.mark = 8_888;
        assert!(matches!(dirty.judged(), Some(Anomaly::NeverThere(_))), "seed {seed}");

        // A read, long after everything, of what was there before the last write.
        let mut stale = history(seed);
        let (_, seen) = stale.wrote(1);
        let (user, version) = (seen[0].user, seen[0].version - 1);
        let mark = stale.last[&user][usize::try_from(version).unwrap() - 1];
        let call = Call::Read(Seen { user, version, mark });
        stale.ops.push(Op { start: 1_000_000, end: 1_000_001, call });
        assert!(matches!(stale.judged(), Some(Anomaly::Cycle(ops)) if ops.len() >= 2), "seed {seed}");

        // A read of what is written only later.
        let mut early = history(seed);
        let (_, seen) = early.wrote(1);
        early.ops.push(Op { start: 0, end: 1, call: Call::Read(seen[0]) });
        assert!(matches!(early.judged(), Some(Anomaly::Cycle(_))), "seed {seed}");

        let mut refused = history(seed);
        let end = refused.last[&1].len() as u64;
        let wanted = Seen { user: 1, version: end + 1, mark: 5_555 };
        refused.ops.push(Op { start: 1_000_000, end: 1_000_001, call: Call::Refused(vec![wanted]) });
        assert_eq!(refused.judged(), Some(Anomaly::RefusedForNothing(wanted)), "seed {seed}");
    }
}

#[test]
fn two_writes_of_two_users_in_two_orders_are_a_cycle() {
    let seen = |user, version, mark| Seen { user, version, mark };
    let op = |call| Op { start: 0, end: 10, call };
    let ops =
        [op(Call::Wrote(vec![seen(0, 2, 1), seen(1, 3, 1)])), op(Call::Wrote(vec![seen(0, 3, 2), seen(1, 2, 2)]))];
    let last = BTreeMap::from([(0, vec![0, 1, 2]), (1, vec![0, 2, 1])]);
    let Err(Anomaly::Cycle(cycle)) = judge(&ops, &last) else { panic!("it is not found") };
    assert_eq!(cycle.len(), 2);
    let (first, second) = (op(Call::Wrote(vec![seen(0, 2, 1), seen(1, 2, 1)])), op(Call::Wrote(vec![seen(0, 3, 2)])));
    let in_one_order = BTreeMap::from([(0, vec![0, 1, 2]), (1, vec![0, 1])]);
    assert!(judge(&[first, second], &in_one_order).is_ok());
}
