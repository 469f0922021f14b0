//! What messages draw from the budgets that all tenants share.

use crate::address::Address;
use crate::base::TenantId;
use crate::change::{Content, Outgoing};
use crate::policy::{Budget, BudgetKind, Charge, SharedPolicy, WhenExhausted};
use crate::secret::CodeKeys;

/// The charges for the codes and links among these messages, in the budgets that all tenants share. Each of them refuses.
#[must_use]
pub fn shared_charges(messages: &[Outgoing], policy: &SharedPolicy, keys: &CodeKeys) -> Vec<Charge> {
    let tenant = TenantId::shared();
    let codes = messages.iter().filter(|outgoing| matches!(outgoing.message.content, Content::Challenge { .. }));
    let charges = codes.flat_map(|outgoing| {
        let charge = |kind, subject: &str, budget: Budget| Charge {
            kind,
            quota: keys.pseudonym(&tenant, subject),
            amount: 1,
            budget,
            at: outgoing.message.created_at,
            when_exhausted: WhenExhausted::Refuse,
        };
        let (own, block) = match &outgoing.message.to {
            Address::Email(email) => {
                (charge(BudgetKind::SharedAddress, email.mailbox_key().as_str(), policy.address()), None)
            }
            Address::Phone(phone) => {
                let block = policy.block().map(|budget| charge(BudgetKind::SharedBlock, phone.block(), budget));
                (charge(BudgetKind::SharedAddress, phone.as_str(), policy.address()), block)
            }
        };
        [Some(own), block].into_iter().flatten()
    });
    charges.collect()
}
