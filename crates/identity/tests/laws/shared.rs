//! The budgets that all tenants share.

use identity::policy::{Budget, SharedPolicy};
use identity::{Account, Confirmation, Identity, Refusal, TenantId, Verification};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, Mailbox, address, keys, secs};

/// A host of several tenants with these shared budgets.
fn host(shared: Option<SharedPolicy>) -> (Identity, Mailbox, HandClock) {
    let (store, mailbox, clock) = (MemoryStore::new(), Mailbox::default(), HandClock::default());
    let identity = Identity::new(store.clone(), mailbox.clone(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default());
    let identity = match shared {
        Some(policy) => identity.with_shared_budgets(store, policy),
        None => identity,
    };
    (identity, mailbox, clock)
}

fn of(identity: &Identity, number: usize) -> Identity {
    identity.for_tenant(TenantId::parse(&format!("tenant {number}")).unwrap())
}

async fn account(identity: &Identity) -> Account {
    let user = identity.admin("test").create(identity::NewUser::default()).await.unwrap().outcome;
    identity.account(&user)
}

/// Five users of each of this many tenants ask for a code to the address. Returns how many were sent.
async fn flood(identity: &Identity, mailbox: &Mailbox, tenants: usize, to: impl Fn(usize) -> String) -> usize {
    let before = mailbox.messages().len();
    for number in 0..tenants * 5 {
        let account = account(&of(identity, number / 5)).await;
        let id = account.add(address(&to(number))).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
    }
    identity.deliver_due().await.unwrap();
    mailbox.messages().len() - before
}

#[tokio::test]
async fn fifty_tenants_send_no_more_to_one_address_than_the_shared_budget() {
    let number = |_| "+441514960453".to_owned();
    let (identity, mailbox, _) = host(None);
    assert_eq!(flood(&identity, &mailbox, 50, number).await, 250, "without one");
    let (identity, mailbox, clock) = host(Some(SharedPolicy::default()));
    assert_eq!(flood(&identity, &mailbox, 50, number).await, 20);
    assert_eq!(flood(&identity, &mailbox, 1, |_| "+441514970453".to_owned()).await, 5, "another number");
    assert_eq!(flood(&identity, &mailbox, 50, |n| format!("victim+{n}@gmail.com")).await, 20, "one mailbox");
    clock.forward(secs(86_400));
    assert_eq!(flood(&identity, &mailbox, 50, number).await, 20, "the next day");
}

#[tokio::test]
async fn fifty_tenants_send_no_more_to_adjacent_numbers_than_the_shared_budget() {
    let (identity, mailbox, clock) = host(Some(SharedPolicy::default()));
    let beside = |number| format!("+4415149604{:02}", number % 100);
    assert_eq!(flood(&identity, &mailbox, 50, beside).await, 60);
    clock.forward(secs(3_600));
    assert_eq!(flood(&identity, &mailbox, 50, beside).await, 60);
    let open = SharedPolicy::builder().block(None).build().unwrap();
    let (identity, mailbox, _) = host(Some(open));
    assert_eq!(flood(&identity, &mailbox, 50, beside).await, 250);
}

#[tokio::test]
async fn what_the_shared_budget_withholds_is_a_decoy_and_an_administrator_is_told() {
    let one = SharedPolicy::builder().address(Budget::new(1, secs(86_400))).build().unwrap();
    let (identity, mailbox, clock) = host(Some(one));
    let (first, second) = (account(&of(&identity, 1)).await, account(&of(&identity, 2)).await);
    let mut answers = Vec::new();
    for account in [&first, &second] {
        let id = account.add(address("x@example.com")).await.unwrap().outcome;
        answers.push((account.start_verification(id).await.unwrap().outcome, id));
    }
    assert_eq!(answers[0].0, answers[1].0, "the answer is the same");
    identity.deliver_due().await.unwrap();
    assert_eq!(mailbox.messages().len(), 1);
    let code = mailbox.code("x@example.com").unwrap();
    let id = answers[1].1;
    assert_eq!(second.confirm(id, &code).await.unwrap().outcome, Confirmation::Rejected { attempts_left: 4 });
    clock.forward(secs(600));
    let admin = of(&identity, 2).admin("staff");
    let refused = admin.start_verification(second.user(), id, &Verification::default()).await.unwrap_err();
    assert!(matches!(refused.refusal(), Some(Refusal::TooSoon { .. })), "{refused:?}");
    assert!(refused.to_string().contains("shared_address"), "{refused}");
    // The reserve of a tenant's address is within what all tenants share.
    let ada = identity::NewAddress::from(address("ada@example.com")).verified();
    let new = identity::NewUser { addresses: vec![ada], ..identity::NewUser::default() };
    let user = admin.create(new).await.unwrap().outcome;
    let owner = of(&identity, 2).account(&user);
    let id = owner.add(address("x@example.com")).await.unwrap().outcome;
    let before = mailbox.messages().iter().filter(|message| message.to.as_str() == "x@example.com").count();
    owner.start_verification(id).await.unwrap();
    identity.deliver_due().await.unwrap();
    let after = mailbox.messages().iter().filter(|message| message.to.as_str() == "x@example.com").count();
    assert_eq!((before, after), (1, 1));
}

#[tokio::test]
async fn a_change_that_is_refused_gives_back_what_it_drew() {
    let (identity, mailbox, _) = host(Some(SharedPolicy::default()));
    // One tenant asks for far more than its own budget allows.
    assert_eq!(flood(&identity, &mailbox, 1, |_| "x@example.com".to_owned()).await, 5);
    let tenant = of(&identity, 0);
    for _ in 0..30 {
        let account = account(&tenant).await;
        let id = account.add(address("x@example.com")).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
    }
    let mut sent = 5;
    for number in 1..10 {
        let of_tenant = of(&identity, number);
        for _ in 0..5 {
            let account = account(&of_tenant).await;
            let id = account.add(address("x@example.com")).await.unwrap().outcome;
            account.start_verification(id).await.unwrap();
        }
    }
    let before = mailbox.messages().len();
    identity.deliver_due().await.unwrap();
    sent += mailbox.messages().len() - before;
    assert_eq!(sent, 20, "the others have the rest of the shared budget");
}
