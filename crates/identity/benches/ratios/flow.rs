//! The flow that is measured: create with an e-mail address, add a phone number, start its verification, confirm, mark the
//! e-mail address verified, make the phone number primary, read. Seven calls, the first six of which commit.

use std::sync::Arc;

use identity::policy::Election;
use identity::policy::PrimaryPolicy;
use identity::rules::Binding;
use identity::store::Store;
use identity::{
    Accepted, Code, CodeKeys, Confirmation, Email, HolderError, IdentifierId, Identity, NewUser, Notice, Notifier,
    NotifyError, Phone, Policy, TenantId, User,
};

use crate::people::Person;

/// How many transactions the flow is.
pub(crate) const COMMITS: usize = 6;

/// By the default policy the first verified address is primary at once, and to make it primary would write nothing.
pub(crate) fn policy() -> Policy {
    Policy::default().with_primary(PrimaryPolicy::builder().election(Election::Nobody).build().unwrap())
}

pub(crate) fn keys() -> CodeKeys {
    CodeKeys::parse(&"5a".repeat(32)).unwrap()
}

/// The code that the notifier would send, derived as the delivery derives it. The flow does not go through the outbox: the
/// time that a message waits there is a matter of its own.
pub(crate) fn derive(keys: &CodeKeys, tenant: &TenantId, user: &User, id: IdentifierId) -> Code {
    let entry = user.identifier(id).unwrap();
    let challenge = entry.challenge().unwrap();
    let binding = Binding {
        key: &challenge.key,
        tenant,
        user: user.id(),
        identifier: id,
        address: entry.address.as_str(),
        purpose: challenge.purpose,
        nonce: &challenge.nonce,
    };
    Code::parse(keys.code(&binding, challenge.format).unwrap().reveal()).unwrap()
}

/// A notifier that is never asked.
pub(crate) struct Nobody;

#[identity::async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Ok(Accepted::default())
    }
}

/// A host with the machine's clock and randomness.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) identity: Identity,
    keys: CodeKeys,
}

impl Host {
    pub(crate) fn new(store: impl Store) -> Self {
        let identity = Identity::new(store, Nobody, keys()).with_policy(policy());
        Self { identity, keys: keys() }
    }

    pub(crate) async fn flow(&self, person: &Person) -> Result<Arc<User>, HolderError> {
        let signup = self.identity.admin("signup");
        let email = Email::parse(&person.email).unwrap();
        let created = signup.create(NewUser { addresses: vec![email.into()], ..NewUser::default() }).await?;
        let email = created.user.emails().entries().first().unwrap().id;
        let account = self.identity.account(&created.outcome);
        let phone = account.add(Phone::from_e164(&person.phone).unwrap()).await?.outcome;
        let started = account.start_verification(phone).await?;
        let code = derive(&self.keys, self.identity.tenant(), &started.user, phone);
        let confirmed = account.confirm(phone, &code).await?.outcome;
        assert_eq!(confirmed, Confirmation::Verified);
        signup.mark_verified(&created.outcome, email).await?;
        account.set_primary(phone).await?;
        account.get().await
    }
}
