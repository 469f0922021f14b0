use crate::address::Channel;
use crate::base::{IdentifierId, Inconsistent};
use crate::user::Identifier;

/// The addresses of one kind of a user, and which of them is primary. The type cannot represent two primary addresses,
/// nor a primary address that is not in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    channel: Channel,
    entries: Vec<Identifier>,
    primary: Option<IdentifierId>,
}

impl Book {
    /// An empty book for this kind of address.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        Self { channel, entries: Vec::new(), primary: None }
    }

    /// The book with these entries, as a store returns it.
    ///
    /// # Errors
    /// [`Inconsistent`] when an entry is of another kind, two entries share an id or an address, or the primary
    /// identifier is not among the entries.
    pub fn restore(
        channel: Channel,
        entries: Vec<Identifier>,
        primary: Option<IdentifierId>,
    ) -> Result<Self, Inconsistent> {
        for (index, entry) in entries.iter().enumerate() {
            if entry.address.channel() != channel {
                return Err(Inconsistent("an address is in the list of the other kind of address"));
            }
            let mut earlier = entries.iter().take(index);
            if earlier.any(|other| other.id == entry.id || other.address == entry.address) {
                return Err(Inconsistent("two entries share an id or an address"));
            }
        }
        if primary.is_some_and(|primary| !entries.iter().any(|entry| entry.id == primary)) {
            return Err(Inconsistent("the primary identifier is not among the user's addresses"));
        }
        Ok(Self { channel, entries, primary })
    }

    /// The kind of address in the book.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// The addresses in the order in which they were added.
    #[must_use]
    pub fn entries(&self) -> &[Identifier] {
        &self.entries
    }

    /// The address with this id.
    #[must_use]
    pub fn get(&self, id: IdentifierId) -> Option<&Identifier> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The primary address; `None` when there is none.
    #[must_use]
    pub fn primary(&self) -> Option<&Identifier> {
        self.primary.and_then(|id| self.get(id))
    }

    /// Whether the address with this id is primary.
    #[must_use]
    pub fn is_primary(&self, id: IdentifierId) -> bool {
        self.primary == Some(id)
    }

    /// The verified addresses in the order in which they were added.
    pub fn verified(&self) -> impl Iterator<Item = &Identifier> {
        self.entries.iter().filter(|entry| entry.is_verified())
    }

    pub(crate) fn get_mut(&mut self, id: IdentifierId) -> Option<&mut Identifier> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    pub(crate) fn push(&mut self, entry: Identifier) {
        self.entries.push(entry);
    }

    pub(crate) fn remove(&mut self, id: IdentifierId) -> Option<Identifier> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        if self.primary == Some(id) {
            self.primary = None;
        }
        for entry in &mut self.entries {
            if entry.replaces == Some(id) {
                entry.replaces = None;
            }
        }
        self.unschedule(id);
        Some(self.entries.remove(index))
    }

    /// Drops the scheduled changes by which this address would take the place of another one.
    pub(crate) fn unschedule(&mut self, by: IdentifierId) {
        for entry in &mut self.entries {
            entry.scheduled.take_if(|scheduled| scheduled.by == Some(by));
        }
    }

    pub(crate) fn set_primary(&mut self, primary: Option<IdentifierId>) {
        self.primary = primary.filter(|id| self.get(*id).is_some());
    }
}
