//! Every path that changes a user applies the policy of the user's own tenant.

use std::sync::Arc;

use identity::address::ClaimKind;
use identity::delivery::{DeliveryState, Report};
use identity::policy::{ClaimPolicy, VerificationPolicy};
use identity::{
    Accepted, Error, Identity, NewAddress, NewUser, Notice, Notifier, NotifyError, Policy, Refusal, TenantId,
    Timestamp, UserId,
};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, Mailbox, address, keys, secs};

/// Refuses every address that begins with `dead`, and takes the others on.
#[derive(Clone)]
struct Desk {
    taken: Mailbox,
    notices: Arc<std::sync::Mutex<Vec<Notice>>>,
    clock: HandClock,
}

#[identity::async_trait]
impl Notifier for Desk {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.notices.lock().unwrap().push(notice.clone());
        if notice.message.to.as_str().starts_with("dead") {
            return Err(NotifyError::permanent("no such mailbox"));
        }
        self.taken.notify(notice).await?;
        Ok(Accepted { reference: Some("r".to_owned()), provider: None })
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn claiming(policy: ClaimPolicy) -> Policy {
    Policy::default().with_claim(policy)
}

/// Every way to give a tenant a policy of its own beside another one for the rest. The first identity serves all tenants.
fn ways(base: ClaimPolicy, own: ClaimPolicy) -> Vec<(&'static str, Identity, Desk)> {
    let new = || {
        let desk = Desk { taken: Mailbox::default(), notices: Arc::default(), clock: HandClock::default() };
        let identity = Identity::new(MemoryStore::new(), desk.clone(), keys())
            .with_clock(desk.clock.clone())
            .with_entropy(CountedEntropy::default());
        (identity, desk)
    };
    let (named, named_desk) = new();
    let named = named.with_policy(claiming(base)).with_tenant_policy(acme(), claiming(own));
    let (function, function_desk) = new();
    let (of_base, of_acme) = (Arc::new(claiming(base)), Arc::new(claiming(own)));
    let function =
        function.with_policies(move |tenant| Arc::clone(if *tenant == acme() { &of_acme } else { &of_base }));
    let (chosen, chosen_desk) = new();
    let chosen = chosen.with_policy(claiming(base));
    // What a clone of the tenant is told, the clone that delivers knows.
    drop(chosen.for_tenant(acme()).with_policy(claiming(own)));
    vec![("named", named, named_desk), ("function", function, function_desk), ("chosen", chosen, chosen_desk)]
}

async fn user_with(identity: &Identity, addresses: &[&str]) -> Result<UserId, Error> {
    let addresses = addresses.iter().map(|text| NewAddress::from(address(text)).verified()).collect();
    let new = NewUser { addresses, ..NewUser::default() };
    Ok(identity.admin("test").create(new).await?.outcome)
}

/// Lets the delivery of all tenants note that a message to `dead@example.com` was refused for good.
async fn refused_once(identity: &Identity, desk: &Desk) {
    user_with(&identity.for_tenant(acme()), &["ada@example.com", "dead@example.com"]).await.unwrap();
    let of_acme = identity.for_tenant(acme());
    let ada = of_acme.resolve("ada@example.com").await.unwrap().unwrap();
    // A message that is older than the proof says nothing against it.
    desk.clock.forward(secs(1));
    of_acme.account(&ada).add(address("new@example.com")).await.unwrap();
    let delivered = identity.deliver_due().await.unwrap();
    assert_eq!((delivered.sent, delivered.failed), (1, 1));
    let user = of_acme.account(&ada).get().await.unwrap();
    assert!(user.identifiers().any(|entry| entry.undeliverable.is_some()), "the refusal changed the user");
}

#[tokio::test]
async fn c82_delivery_applies_the_policy_of_the_users_tenant() {
    for (way, identity, desk) in ways(ClaimPolicy::None, ClaimPolicy::Verified) {
        refused_once(&identity, &desk).await;
        let second = user_with(&identity.for_tenant(acme()), &["ada@example.com"]).await;
        let taken = matches!(&second, Err(Error::Refused(Refusal::Taken(ClaimKind::Email))));
        assert!(taken, "{way}: the claim of a verified address was released: {second:?}");
    }
    // The other way round nothing is claimed where the tenant's policy claims nothing.
    for (way, identity, desk) in ways(ClaimPolicy::Verified, ClaimPolicy::None) {
        refused_once(&identity, &desk).await;
        let second = user_with(&identity.for_tenant(acme()), &["ada@example.com"]).await;
        assert!(second.is_ok(), "{way}: {second:?}");
    }
}

#[tokio::test]
async fn c82_a_report_applies_the_policy_of_the_users_tenant() {
    for (way, identity, desk) in ways(ClaimPolicy::None, ClaimPolicy::Verified) {
        let of_acme = identity.for_tenant(acme());
        let ada = user_with(&of_acme, &["ada@example.com", "ada2@example.com"]).await.unwrap();
        desk.clock.forward(secs(1));
        of_acme.account(&ada).add(address("new@example.com")).await.unwrap();
        identity.deliver_due().await.unwrap();
        let tickets: Vec<_> = desk.notices.lock().unwrap().iter().map(|notice| notice.ticket).collect();
        assert_eq!(tickets.len(), 2);
        let bounced = Report::new(DeliveryState::Bounced, Timestamp::from_secs(1));
        // Taken on the road of another tenant, as a callback that serves all of them is.
        identity.admin("callback").report_delivery(&tickets[0], &bounced).await.unwrap().unwrap();
        let user = of_acme.account(&ada).get().await.unwrap();
        assert!(user.identifiers().any(|entry| entry.undeliverable.is_some()), "the report changed the user");
        let second = user_with(&of_acme, &["ada@example.com"]).await;
        assert!(matches!(&second, Err(Error::Refused(Refusal::Taken(ClaimKind::Email)))), "{way}: {second:?}");
    }
}

#[tokio::test]
async fn c82_no_two_clones_apply_two_policies_to_one_tenant() {
    let digits =
        |count| Policy::default().with_verification(VerificationPolicy::builder().digits(count).build().unwrap());
    let length = |identity: &Identity| identity.policy().verification().clone();
    let base = Identity::new(MemoryStore::new(), Mailbox::default(), keys());
    let earlier = base.for_tenant(acme());
    let changed = base.for_tenant(acme()).with_policy(digits(9));
    assert_eq!(length(&earlier), *digits(9).verification(), "a clone that was made before");
    assert_eq!(length(&base.for_tenant(acme())), *digits(9).verification(), "one that is made later");
    assert_eq!(length(&changed.for_tenant(TenantId::default())), *Policy::default().verification(), "nobody else's");
    // A clock, an entropy source or delivery options of one's own change nothing about it.
    let other = base.clone().with_clock(HandClock::default()).with_delivery(identity::delivery::Delivery::default());
    let other = other.with_policy(digits(8));
    for identity in [&base, &other, &changed.for_tenant(TenantId::parse("globex").unwrap())] {
        assert_eq!(length(&identity.for_tenant(acme())), *digits(9).verification());
        assert_eq!(length(&identity.for_tenant(TenantId::default())), *digits(8).verification());
    }
}

/// The claims of everybody, in the order of creation.
async fn held(store: &MemoryStore) -> Vec<Vec<String>> {
    use identity::directory::{ListOrder, ListQuery};
    use identity::store::UserRepository as _;
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 1_000, prefix: None };
    let page = store.list(&TenantId::default(), &query).await.unwrap();
    let keys = |stored: identity::directory::Stored| -> Vec<String> {
        stored.claims.iter().map(|claim| claim.key.as_str().to_owned()).collect()
    };
    page.users.into_iter().map(keys).collect()
}

#[tokio::test]
async fn c83_claims_follow_a_change_of_policy_by_a_resumable_pass_that_reports_conflicts() {
    let (store, clock) = (MemoryStore::new(), HandClock::default());
    let identity = Identity::new(store.clone(), Mailbox::default(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default())
        .with_policy(claiming(ClaimPolicy::None));
    let mut users = Vec::new();
    for names in [&["ada", "both"][..], &["bob", "both"], &["carl"], &[], &["dora"]] {
        clock.forward(secs(1));
        let user = identity.admin("signup").create(NewUser::default()).await.unwrap().outcome;
        for name in names {
            let new = NewAddress::from(address(&format!("{name}@example.com"))).verified();
            identity.admin("signup").add(&user, new).await.unwrap();
        }
        users.push(user);
    }
    assert!(held(&store).await.iter().all(Vec::is_empty), "nothing is claimed under this policy");
    let strict = identity.clone().with_policy(claiming(ClaimPolicy::Verified));
    // Two pages, each of them twice: what is done is not done again.
    let first = strict.admin("policy").update_claims(None, 2).await.unwrap();
    assert_eq!(first.changed, 2);
    let conflicts: Vec<_> = first.conflicts.iter().map(|conflict| (&conflict.user, conflict.key.as_str())).collect();
    assert_eq!(conflicts, [(&users[1], "both@example.com")]);
    let again = strict.admin("policy").update_claims(None, 2).await.unwrap();
    assert_eq!((again.changed, &again.conflicts, &again.next), (0, &first.conflicts, &first.next));
    let rest = strict.admin("policy").update_claims(first.next.clone(), 1_000).await.unwrap();
    assert_eq!((rest.changed, rest.conflicts.len(), rest.next), (2, 0, None));
    let all = [vec!["ada@example.com", "both@example.com"], vec!["bob@example.com"], vec!["carl@example.com"], vec![]];
    let all = all.into_iter().chain([vec!["dora@example.com"]]).collect::<Vec<_>>();
    assert_eq!(held(&store).await, all);
    for (login, who) in [("ada@example.com", Some(&users[0])), ("both@example.com", None)] {
        assert_eq!(strict.resolve(login).await.unwrap().as_ref(), who, "{login}");
    }
    // The administrator decides, and the pass completes what was decided.
    let both = strict.admin("desk").get(&users[0]).await.unwrap().emails().entries()[1].id;
    strict.admin("desk").remove(&users[0], both).await.unwrap();
    let pass = strict.admin("policy").update_claims(None, 1_000).await.unwrap();
    assert_eq!((pass.changed, pass.conflicts.len()), (1, 0));
    assert_eq!(strict.resolve("both@example.com").await.unwrap().as_ref(), Some(&users[1]));
    // The other way round the pass releases, and back again it takes.
    let open = strict.with_policy(claiming(ClaimPolicy::None));
    let pass = open.admin("policy").update_claims(None, 1_000).await.unwrap();
    assert_eq!(pass.changed, 4);
    assert!(held(&store).await.iter().all(Vec::is_empty));
    let strict = open.with_policy(claiming(ClaimPolicy::Verified));
    let pass = strict.admin("policy").update_claims(None, 1_000).await.unwrap();
    assert_eq!((pass.changed, pass.conflicts.len()), (4, 0));
}
