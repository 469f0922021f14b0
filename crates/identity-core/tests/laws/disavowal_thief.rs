//! A thief with the session and mailboxes of their own keeps nothing that the owner disavows in time.

use identity_core::policy::{ChangePolicy, DisavowalPolicy};
use identity_core::{Channel, Content, DisavowToken, IdentifierId, NoticeKind, Policy};

use crate::kit::{Person, email, given, phone, secs};

/// SplitMix64: a run is a number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.roll(from.len().max(1))).cloned()
    }
}

/// What the notices of the last decision offer to addresses of the owner or of the thief.
fn offers(person: &Person, to_owner: bool, into: &mut Vec<(i64, DisavowToken)>) {
    let news = person.news.iter().map(|outgoing| &outgoing.message);
    let own = news.filter(|message| message.to.as_str().starts_with(['o', '+']) == to_owner);
    into.extend(own.filter_map(|message| Some((message.created_at.as_secs(), message.disavowal(&person.bench.keys)?))));
}

/// One act of the thief with the owner's session.
fn act(ada: &mut Person, dice: &mut Dice, number: usize, tokens: &[(i64, DisavowToken)]) {
    let ids: Vec<IdentifierId> = ada.user.identifiers().map(|entry| entry.id).collect();
    let mails: Vec<IdentifierId> = ada.user.emails().entries().iter().map(|entry| entry.id).collect();
    let own = email(&format!("thief{number}@example.com"));
    let theirs = |person: &Person, id: IdentifierId| person.entry(id).address.as_str().starts_with("thief");
    // What the rules refuse, the thief tried in vain.
    match dice.roll(8) {
        0 | 1 => drop(ada.add(own)),
        2 => drop(dice.pick(&mails).map(|old| ada.replace(old, own))),
        3 | 4 => {
            let open: Vec<_> = ids.into_iter().filter(|id| theirs(ada, *id) && !ada.entry(*id).is_verified()).collect();
            if let Some(id) = dice.pick(&open)
                && ada.start(id).result.is_ok()
            {
                ada.right(id).done();
            }
        }
        5 => drop(dice.pick(&ids).map(|id| ada.remove(id))),
        6 => drop(dice.pick(&ids).map(|id| ada.holder(|user, context| user.set_primary(id, context)))),
        _ => drop(dice.pick(tokens).map(|(_, token)| ada.disavow(&token))),
    }
}

/// What the delivery loop does until now.
fn carry_out(ada: &mut Person, owners: &mut Vec<(i64, DisavowToken)>, thiefs: &mut Vec<(i64, DisavowToken)>) {
    let now = ada.bench.now;
    let mut due: Vec<_> = ada.user.scheduled().map(|(entry, scheduled)| (scheduled.due, entry.id)).collect();
    due.sort_unstable();
    for (at, id) in due.into_iter().filter(|(at, _)| *at <= now) {
        ada.bench.now = at;
        ada.carry_out(id).done();
        offers(ada, true, owners);
        offers(ada, false, thiefs);
    }
    ada.bench.now = now;
}

/// A run of seven days; whether the owner reads their notices, and the delay of changes in seconds. Returns how many the owner
/// disavowed.
fn run(seed: u64, reads: bool, delay: u64) -> (Person, usize) {
    let mut dice = Dice(seed);
    let mut ada = given();
    ada.bench.policy = Policy::default()
        .with_disavowal(DisavowalPolicy::default().with_window(secs(7 * 86_400)).unwrap())
        .with_change(ChangePolicy::default().with_delay(secs(delay)).unwrap());
    ada.add_verified(email("owner@example.com"));
    if dice.roll(2) == 0 {
        ada.add_verified(phone("+441514960453"));
    }
    if dice.roll(3) == 0 {
        ada.add_verified(email("other-owner@example.com"));
    }
    // The addresses have been the owner's for a while.
    ada.pass(30 * 86_400);
    let (mut owners, mut thiefs, mut disavowed) = (Vec::new(), Vec::new(), 0);
    let began = ada.bench.now;
    let mut number = 0;
    loop {
        ada.pass(600 + dice.roll(50_000) as u64);
        if ada.bench.now.since(began).as_secs() >= 7 * 86_400 {
            break;
        }
        number += 1;
        carry_out(&mut ada, &mut owners, &mut thiefs);
        if reads && delay >= 7 * 86_400 {
            let has = ada.has();
            let is_in = ["owner@example.com+", "+441514960453+"].iter().any(|own| has.contains(own));
            assert!(is_in, "run {seed}: the owner was out for a moment: {has}");
        }
        act(&mut ada, &mut dice, number, &thiefs);
        offers(&ada, true, &mut owners);
        offers(&ada, false, &mut thiefs);
        // The owner reads some notices at once, and every one within its window.
        let now = ada.bench.now.as_secs();
        while reads && !owners.is_empty() && (dice.roll(8) == 0 || owners.iter().any(|(at, _)| now - at > 6 * 86_400)) {
            let late = owners.iter().position(|(at, _)| now - at > 6 * 86_400);
            let (_, token) = owners.swap_remove(late.unwrap_or_else(|| dice.roll(owners.len())));
            disavowed += usize::from(ada.disavow(&token).result.is_ok());
            ada.news.clear();
        }
    }
    while reads && !owners.is_empty() {
        let (_, token) = owners.swap_remove(dice.roll(owners.len()));
        disavowed += usize::from(ada.disavow(&token).result.is_ok());
    }
    // The thief's links are good for a while longer.
    for (_, token) in thiefs {
        drop(ada.disavow(&token));
    }
    (ada, disavowed)
}

#[test]
fn a_thief_keeps_nothing_that_the_owner_disavows_in_time() {
    let mut disavowed = 0;
    for seed in 0..10_000 {
        // Without a delay, with a day, and with as long as the owner needs to read.
        let (ada, times) = run(seed, true, [0, 0, 86_400, 7 * 86_400][usize::try_from(seed % 4).unwrap()]);
        disavowed += times;
        let has = ada.has();
        assert!(!has.contains("thief"), "run {seed}: {has}");
        assert!(has.contains("owner@example.com+"), "run {seed}: {has}");
        for channel in [Channel::Email, Channel::Phone] {
            let book = ada.user.book(channel);
            assert_eq!(book.primary().is_some(), book.verified().next().is_some(), "run {seed}: {has}");
        }
    }
    assert!(disavowed > 20_000, "{disavowed}");
}

#[test]
fn a_thief_of_whom_nobody_reads_keeps_what_the_rules_allow() {
    let kept = (0..500).filter(|seed| run(*seed, false, 0).0.has().contains("thief")).count();
    assert!(kept > 100, "{kept}: the run above would show nothing if thieves never had anything");
    let told = |person: &Person| {
        let undone = |outgoing: &&identity_core::Outgoing| {
            matches!(outgoing.message.content, Content::Notice { what: NoticeKind::Replaced | NoticeKind::Removed, .. })
        };
        person.post.iter().filter(undone).count()
    };
    assert!((0..100).any(|seed| told(&run(seed, false, 0).0) > 0));
}
