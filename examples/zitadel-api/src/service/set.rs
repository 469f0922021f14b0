use std::sync::Arc;

use identity::{Address, Context, Entropy as _, Error, Identifier, NewAddress, OsEntropy, Refusal, User, Verification};

use super::{Asked, Done, Proof, Road, Users, shown};
use crate::failure::Failure;

impl Users {
    /// Sets the e-mail address or phone number: the new one is shown from now on. A verified one before it stays the user's until
    /// the new one is verified, and is told.
    ///
    /// # Errors
    /// [`Failure`]; then the address is the one that it was.
    pub async fn set(&self, asked: &Asked<'_>, address: Address, proof: &Proof) -> Result<Done, Failure> {
        let user = self.permitted(asked, proof)?;
        let _turn = self.turns.of(&user).await;
        let road = Road::of(&self.identity, asked.caller, &user);
        let failure = |error| self.failure(asked, error);
        let stored = road.get().await.map_err(failure)?;
        let before = shown(stored.book(asked.channel));
        if let Some(cancelled) = before.filter(|entry| goes_back(entry, &address, &stored)) {
            // The address that was to be replaced, again: it is verified still, and there is nothing to send.
            let receipt = road.remove(cancelled.id).await.map_err(failure)?;
            return Ok(Done { details: self.details(&receipt), code: None });
        }
        let new = NewAddress { verified: *proof == Proof::Attested, ..NewAddress::from(address) };
        let request = Verification { hint: hint(proof), ..Verification::default() };
        self.rehearse(&road, &stored, before, &new, proof, &request).map_err(failure)?;
        let written = match before {
            Some(old) => road.replace(old.id, new).await,
            None => road.add(new).await,
        };
        let receipt = written.map_err(failure)?;
        match proof {
            Proof::Attested => Ok(Done { details: self.details(&receipt), code: None }),
            Proof::Returned => self.prove(asked, &road, receipt.outcome, proof, None).await,
            Proof::Sent(_) => {
                let receipt = road.start_after_all(receipt.outcome, &request).await.map_err(failure)?;
                Ok(Done { details: self.details(&receipt), code: None })
            }
        }
    }

    /// What the rules say to both steps, before the first of them is written: an address whose code may not be sent yet is not
    /// set either.
    fn rehearse(
        &self,
        road: &Road<'_>,
        user: &User,
        before: Option<&Identifier>,
        new: &NewAddress,
        proof: &Proof,
        request: &Verification,
    ) -> Result<(), Error> {
        let (seed, authority) = (OsEntropy.seed()?, road.authority());
        let context = Context {
            now: self.clock.now(),
            seed: &seed,
            tenant: self.identity.tenant(),
            policy: self.identity.policy(),
            keys: &self.keys,
            authority: &authority,
        };
        let first = match before {
            Some(old) => user.replace(old.id, new, &context)?,
            None => user.add(new, &context)?,
        };
        let after = user.after(&first.events).ok_or(Refusal::UserNotFound)?;
        match proof {
            Proof::Sent(_) => drop(after.start_verification(first.outcome, request, &context)?),
            Proof::Returned => drop(after.issue_code(first.outcome, &context)?),
            Proof::Attested => {}
        }
        Ok(())
    }
}

/// Whether the address is the verified one that `entry` was to replace.
fn goes_back(entry: &Identifier, address: &Address, user: &User) -> bool {
    let replaced = entry.replaces.and_then(|old| user.identifier(old));
    replaced.is_some_and(|old| old.is_verified() && old.address.claim_key() == address.claim_key())
}

pub(super) fn hint(proof: &Proof) -> Option<Arc<str>> {
    match proof {
        Proof::Sent(Some(template)) => Some(Arc::clone(template.as_str())),
        _ => None,
    }
}
