//! c18 with many attackers, and the names of those who act.

use std::collections::HashMap;

use identity::import::{Imported, UserRecord};
use identity::policy::ClaimPolicy;
use identity::{Code, Confirmation, Error, NewUser, Policy, Refusal};

use crate::kit::{Host, address, secs};

#[tokio::test]
async fn c18_many_attackers_at_many_addresses_stay_below_the_bound() {
    let host = Host::new();
    let wrong = Code::parse("wrong").unwrap();
    let mut attackers = Vec::new();
    for _ in 0..12 {
        let account = host.account().await;
        for victim in ["a@example.com", "b@example.com", "+441514960453"] {
            let id = account.add(address(victim)).await.unwrap().outcome;
            attackers.push((account.clone(), id, victim));
        }
    }
    let (mut of_attacker, mut of_day) = (HashMap::<usize, u32>::new(), HashMap::<(&str, u32), u32>::new());
    for quarter in 0..30 * 4 {
        // Whoever began yesterday is not first today.
        let turn = quarter as usize % attackers.len();
        for number in (turn..attackers.len()).chain(0..turn) {
            let (account, id, victim) = &attackers[number];
            let _ = account.start_verification(*id).await;
            while let Ok(judged) = account.confirm(*id, &wrong).await {
                assert!(matches!(judged.outcome, Confirmation::Rejected { .. }));
                *of_attacker.entry(number).or_default() += 1;
                *of_day.entry((victim, quarter / 4)).or_default() += 1;
            }
        }
        host.clock.forward(secs(6 * 3_600));
    }
    // Every guess is wrong, because only their number matters: of 1,000,000 codes so many were tried.
    let policy = host.identity.policy();
    let codes = policy.entropy_bits().exp2();
    let of_one = of_attacker.values().max().copied().unwrap();
    assert!(
        f64::from(of_one) / codes <= policy.verification().guess_chance() * (1.0 + 1e-9),
        "{of_one} by one attacker"
    );
    let in_a_day = of_day.values().max().copied().unwrap();
    assert!(u64::from(in_a_day) <= policy.verification().guesses().limit, "{in_a_day} at one address in a day");
    assert!(in_a_day > 20, "several attackers guessed at one address");
    assert!(f64::from(in_a_day) / codes <= 0.001 && policy.verification().guess_chance() <= 0.001);
}

#[tokio::test]
async fn a_name_that_no_event_can_keep_changes_nothing() {
    let host = Host::new();
    let user = host.user_with(&["ada@example.com"]).await;
    let staff = host.identity.admin("x".repeat(800));
    let before = staff.get(&user).await.unwrap();
    // Claims have to follow the policy, so that the pass has something to write.
    let nothing = Policy::default().with_claim(ClaimPolicy::None);
    drop(host.identity.clone().with_tenant_policy(host.identity.tenant().clone(), nothing));
    for (actor, told) in [
        ("x".repeat(801), Refusal::TooLarge { what: "the actor", limit: "800 bytes" }),
        ("a\0b".to_owned(), Refusal::Nul { what: "the actor" }),
    ] {
        let admin = host.identity.admin(actor);
        let id = before.primary_email().unwrap().id;
        let record = UserRecord { id: identity::UserId::parse("imported").unwrap(), ..UserRecord::from(&*before) };
        assert_eq!(admin.import(vec![record]).await.unwrap(), [Imported::Refused(told.clone())]);
        let refused = [
            admin.create(NewUser::default()).await.map(drop),
            admin.add(&user, address("b@example.com")).await.map(drop),
            admin.mark_unverified(&user, id).await.map(drop),
            admin.erase(&user).await.map(drop),
            admin.update_claims(None, 10).await.map(drop),
        ];
        for refused in refused {
            assert!(matches!(&refused, Err(Error::Refused(refusal)) if *refusal == told), "{refused:?}");
        }
    }
    assert_eq!(staff.get(&user).await.unwrap(), before);
    assert_eq!(staff.update_claims(None, 10).await.unwrap().changed, 1, "a name of 800 bytes is kept");
}
