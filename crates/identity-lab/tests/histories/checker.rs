//! The judge: whether what happened could have happened one call after the other, each at some time between its start and its end.
//!
//! Versions of users are known, so the order of writes is not guessed. What the calls saw makes a graph: a version is written before
//! it is read and before the next one, the next one is written after the last call read this one, and a call that ended before
//! another one began was first. Without a cycle there is such an order (Adya's serializability, with real time).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A version of a user, and the mark of the write that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) user: u8,
    pub(crate) version: u64,
    pub(crate) mark: u64,
}

/// What a call was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Call {
    /// This is what is there.
    Read(Seen),
    /// All of this was written.
    Wrote(Vec<Seen>),
    /// It is unknown whether this was written: the call failed, and it may happen later.
    Perhaps(Vec<Seen>),
    /// Nothing of this was written, because another write was first.
    Refused(Vec<Seen>),
}

/// A call, with its start and its end in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Op {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) call: Call,
}

/// What cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Anomaly {
    /// What was acknowledged is not there: another write took its place, or none did.
    Lost(Seen),
    /// A write is there for some of its users only.
    Torn(Vec<Seen>),
    /// A write is there twice.
    Twice(u64),
    /// Nobody wrote this.
    Invented(Seen),
    /// A call saw what is not part of the user's history.
    NeverThere(Seen),
    /// A write was refused, and is there.
    RefusedYetThere(Seen),
    /// A write was refused, and nothing had been written before its end.
    RefusedForNothing(Seen),
    /// Each of these calls was before the next one, and the last one before the first.
    Cycle(Vec<Op>),
}

/// How much was judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    pub(crate) refused: usize,
    /// Writes whose outcome nobody knew, and how many of them were there.
    pub(crate) unknown: usize,
    pub(crate) there: usize,
}

/// Judges a history. `last` has the marks of all versions of each user as they are in the end, from version 1 on; mark 0 is what was
/// there before.
pub(crate) fn judge(ops: &[Op], last: &BTreeMap<u8, Vec<u64>>) -> Result<Judged, Anomaly> {
    let mut judged = Judged::default();
    let mut made: BTreeMap<u64, Vec<Seen>> = BTreeMap::new();
    for (user, marks) in last {
        for (version, mark) in (1..).zip(marks) {
            made.entry(*mark).or_default().push(Seen { user: *user, version, mark: *mark });
        }
    }
    let mut graph = Graph::default();
    let mut writers: BTreeMap<(u8, u64), usize> = BTreeMap::new();
    let mut written = BTreeSet::from([0]);
    for op in ops {
        let (Call::Wrote(seen) | Call::Perhaps(seen)) = &op.call else { continue };
        let Some(first) = seen.first() else { continue };
        let is_known = matches!(op.call, Call::Wrote(_));
        *(if is_known { &mut judged.writes } else { &mut judged.unknown }) += 1;
        let Some(there) = made.get(&first.mark) else {
            if is_known {
                return Err(Anomaly::Lost(*first));
            }
            continue;
        };
        let (there, wanted) = (BTreeSet::from_iter(there), BTreeSet::from_iter(seen));
        if there != wanted {
            let twice = there.len() > wanted.len();
            return Err(if twice { Anomaly::Twice(first.mark) } else { Anomaly::Torn(seen.clone()) });
        }
        judged.there += usize::from(!is_known);
        written.insert(first.mark);
        let node = graph.add(op, is_known);
        writers.extend(seen.iter().map(|seen| ((seen.user, seen.version), node)));
    }
    for (&(user, version), &node) in &writers {
        graph.before(writers.get(&(user, version - 1)).copied(), Some(node));
    }
    for op in ops {
        match &op.call {
            Call::Read(seen) => {
                judged.reads += 1;
                let there = last.get(&seen.user).and_then(|marks| marks.get(usize::try_from(seen.version).ok()? - 1));
                if there != Some(&seen.mark) {
                    return Err(Anomaly::NeverThere(*seen));
                }
                let node = graph.add(op, true);
                graph.before(writers.get(&(seen.user, seen.version)).copied(), Some(node));
                graph.before(Some(node), writers.get(&(seen.user, seen.version + 1)).copied());
            }
            Call::Refused(wanted) => {
                judged.refused += 1;
                if let Some(seen) = wanted.iter().find(|seen| made.contains_key(&seen.mark)) {
                    return Err(Anomaly::RefusedYetThere(*seen));
                }
                // Another write was before the end of one of them.
                let is_first = |seen: &Seen| {
                    writers.get(&(seen.user, seen.version)).is_none_or(|writer| graph.ops[*writer].start > op.end)
                };
                if wanted.iter().all(is_first) {
                    return Err(Anomaly::RefusedForNothing(wanted[0]));
                }
            }
            Call::Wrote(_) | Call::Perhaps(_) => {}
        }
    }
    if let Some(seen) = made.iter().find(|(mark, _)| !written.contains(mark)).and_then(|(_, seen)| seen.first()) {
        return Err(Anomaly::Invented(*seen));
    }
    graph.cycle().map_or(Ok(judged), |cycle| Err(Anomaly::Cycle(cycle)))
}

#[derive(Default)]
struct Graph<'a> {
    ops: Vec<&'a Op>,
    /// Whether the call was over at its end.
    is_over: Vec<bool>,
    after: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn add(&mut self, op: &'a Op, is_over: bool) -> usize {
        self.ops.push(op);
        self.is_over.push(is_over);
        self.after.push(Vec::new());
        self.ops.len() - 1
    }

    fn before(&mut self, one: Option<usize>, other: Option<usize>) {
        if let (Some(one), Some(other)) = (one, other) {
            self.after[one].push(other);
        }
    }

    /// Adds real time: a chain of moments, each behind the calls that ended and before those that begin then.
    fn with_time(&self) -> Vec<Vec<usize>> {
        let mut after = self.after.clone();
        let starts = self.ops.iter().enumerate().map(|(op, it)| (it.start, true, op));
        let over = self.ops.iter().enumerate().filter(|(op, _)| self.is_over[*op]);
        let ends = over.map(|(op, it)| (it.end, false, op));
        // At one time those that end come after those that begin: they were side by side.
        let mut times: Vec<_> = starts.chain(ends).map(|(at, begins, op)| (at, !begins, op)).collect();
        times.sort_unstable();
        let mut moment = None;
        for (_, ends, op) in times {
            if ends {
                let next = after.len();
                after.push(Vec::new());
                after[op].push(next);
                if let Some(moment) = moment {
                    let moment: usize = moment;
                    after[moment].push(next);
                }
                moment = Some(next);
            } else if let Some(moment) = moment {
                after[moment].push(op);
            }
        }
        after
    }

    /// The calls of a cycle, if there is one.
    fn cycle(&self) -> Option<Vec<Op>> {
        let after = self.with_time();
        let mut before = vec![0_usize; after.len()];
        after.iter().flatten().for_each(|node| before[*node] += 1);
        let mut free: Vec<usize> = (0..after.len()).filter(|node| before[*node] == 0).collect();
        let mut left: BTreeSet<usize> = (0..after.len()).collect();
        while let Some(node) = free.pop() {
            left.remove(&node);
            for next in &after[node] {
                before[*next] -= 1;
                if before[*next] == 0 {
                    free.push(*next);
                }
            }
        }
        // Backwards from any node that is left one comes to nodes that are left, and at last to one for the second time.
        let mut way: Vec<usize> = vec![*left.first()?];
        loop {
            let last = *way.last()?;
            let earlier = *left.iter().find(|node| after[**node].contains(&last))?;
            if let Some(begin) = way.iter().position(|node| *node == earlier) {
                let ops = way[begin..].iter().rev().filter_map(|node| self.ops.get(*node));
                return Some(ops.map(|op| (*op).clone()).collect());
            }
            way.push(earlier);
        }
    }
}
