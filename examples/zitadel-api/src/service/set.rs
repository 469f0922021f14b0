use std::sync::Arc;

use identity::rules::{Context, Funding};
use identity::system::{Entropy as _, OsEntropy};
use identity::{
    Address, Channel, Error, Identifier, IdentifierId, NewAddress, PublicRefusal, Receipt, Refusal, Status, User,
    Verification,
};

use super::{Asked, Delivery, Done, Proof, Road, Stopped, Users, shown};
use crate::failure::Failure;

/// The number of times that a change starts over because another process changed the user.
const ROUNDS: u32 = 8;

impl Users {
    /// Sets the e-mail address or phone number: the new one is shown from now on. A verified one before it stays the user's until
    /// the new one is verified, and is told.
    ///
    /// # Errors
    /// [`Failure`]; then the address is the one that it was.
    pub async fn set(&self, asked: &Asked<'_>, address: Address, proof: &Proof) -> Result<Done, Failure> {
        let user = self.permitted(asked, proof.is_privileged())?;
        let _turn = self.turns.of(&user).await?;
        let road = Road::of(&self.identity, asked.caller, &user);
        let mut rounds = 0..ROUNDS;
        loop {
            match self.set_once(&road, asked.channel, &address, proof).await {
                // Another process has set another one in between.
                Err(stopped) if stopped.is(&PublicRefusal::IdentifierNotFound) && rounds.next().is_some() => {}
                done => return done.map_err(|error| self.failure(asked, error)),
            }
        }
    }

    async fn set_once(
        &self,
        road: &Road<'_>,
        channel: Channel,
        address: &Address,
        proof: &Proof,
    ) -> Result<Done, Stopped> {
        let stored = road.get().await?;
        let before = shown(stored.book(channel));
        if let Some(cancelled) = before.filter(|entry| goes_back(entry, address, &stored)) {
            // The address that was to be replaced, again: it is verified still, and there is nothing to send.
            return Ok(self.sent(&road.remove(cancelled.id).await?));
        }
        if let (Some(halfway), Proof::Code(delivery)) = (before.filter(|entry| is_halfway(entry, address)), proof) {
            return self.prove(road, halfway.id, delivery).await;
        }
        let new = NewAddress { verified: *proof == Proof::Attested, ..NewAddress::from(address.clone()) };
        self.rehearse(road, &stored, before, &new, proof).map_err(|error| road.stopped(error))?;
        let written = match before {
            Some(old) => road.replace(old.id, new).await?,
            None => road.add(new).await?,
        };
        let written = self.alone(road, channel, written).await?;
        match proof {
            Proof::Attested => Ok(self.sent(&written)),
            Proof::Code(delivery) => self.prove(road, written.outcome, delivery).await,
        }
    }

    /// Two processes may set an address at once, and neither replaces the other's. The later one sees both, and leaves its own
    /// beside the one that it replaces. Verified ones are not touched: this wire does not show several, and did not make them.
    async fn alone(
        &self,
        road: &Road<'_>,
        channel: Channel,
        mut written: Receipt<IdentifierId>,
    ) -> Result<Receipt<IdentifierId>, Stopped> {
        let own = written.outcome;
        let user = Arc::clone(&written.user);
        let strays = user.book(channel).entries().iter().filter(|entry| entry.id != own && !entry.is_verified());
        for stray in strays {
            match road.remove(stray.id).await {
                Ok(Receipt { user, version, at, .. }) => written = Receipt { outcome: own, user, version, at },
                Err(stopped) if stopped.is(&PublicRefusal::IdentifierNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(written)
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
    ) -> Result<(), Error> {
        let (seed, actor, policy) = (OsEntropy.seed()?, road.actor(), self.identity.policy());
        let context = Context {
            now: self.clock.now(),
            seed: &seed,
            tenant: self.identity.tenant(),
            policy: &policy,
            keys: &self.keys,
            actor: &actor,
            funding: Funding::Shared,
            heeds_rest: false,
            rival: None,
        };
        let first = match before {
            Some(old) => user.replace(old.id, new, &context)?,
            None => user.add(new, &context)?,
        };
        let after = user.after(&first.events).ok_or(Refusal::UserNotFound)?;
        match proof {
            Proof::Code(Delivery::Sent(_)) => {
                drop(after.start_verification(first.outcome, &Verification::default(), &context)?);
            }
            Proof::Code(Delivery::Returned) => drop(after.issue_code(first.outcome, &context)?),
            Proof::Attested => {}
        }
        Ok(())
    }
}

/// Whether a process died between the two steps: the address is there already, and has no code yet.
fn is_halfway(entry: &Identifier, address: &Address) -> bool {
    entry.status == Status::Unverified && entry.address == *address
}

/// Whether the address is the verified one that `entry` was to replace.
fn goes_back(entry: &Identifier, address: &Address, user: &User) -> bool {
    let replaced = entry.replaces.and_then(|old| user.identifier(old));
    replaced.is_some_and(|old| old.is_verified() && old.address.claim_key() == address.claim_key())
}
