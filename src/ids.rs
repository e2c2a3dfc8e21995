//! Names for things that come and go: a slot in a table and the generation that filled it.
//!
//! Promise: an id names one thing for ever. When the thing has left, the id finds nobody, never
//! the successor in the same slot, so late events, alarms and requests are harmless.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use slab::Slab;

/// Slot and generation of something of kind `K`, in eight bytes.
///
/// `K` is a marker from [`kind`], not the thing itself, so that a mode can hold the id of a
/// connection without knowing what a connection is made of.
pub struct Id<K> {
    slot: u32,
    generation: u32,
    of: PhantomData<fn() -> K>,
}

/// What ids can be ids of.
pub mod kind {
    /// One place bytes enter or leave.
    pub enum Conn {}
    /// Who talks to whom.
    pub enum Route {}
    /// A socket that waits for peers.
    pub enum Listener {}
    /// One peer to be reached, at whichever of its addresses answers first.
    pub enum Dial {}
    /// One address being tried.
    pub enum Attempt {}
    /// A program that was started.
    pub enum Process {}
    /// Datagrams that are passed on for somebody.
    pub enum Relay {}
}

/// Names a connection.
pub type ConnId = Id<kind::Conn>;
/// Names a route.
pub type RouteId = Id<kind::Route>;
/// Names a listening socket.
pub type ListenId = Id<kind::Listener>;
/// Names a peer to be reached.
pub type DialId = Id<kind::Dial>;
/// Names one address being tried.
pub type AttemptId = Id<kind::Attempt>;

/// Names a program that was started.
pub type ProcessId = Id<kind::Process>;

/// Names a relay of datagrams.
pub type RelayId = Id<kind::Relay>;

/// Bits of a packed id that say the slot: a million slots, far above any descriptor limit, even
/// where a token has 32 bits only.
const SLOT_BITS: u32 = 20;
/// Bits of a packed id in all, which leaves three to the caller.
const PACKED_BITS: u32 = usize::BITS - 3;
/// The bits of a generation that survive packing.
const GENERATION_MASK: u32 = (usize::MAX >> (usize::BITS - (PACKED_BITS - SLOT_BITS))) as u32;

impl<K> Id<K> {
    /// The id as a number that survives a trip through an event's token; its three highest bits are
    /// zero. [`Table::unpack`] is the way back.
    pub fn pack(self) -> usize {
        ((self.generation & GENERATION_MASK) as usize) << SLOT_BITS | self.slot as usize
    }

    /// The slot alone: small and dense, for side tables that live as long as the thing does.
    pub fn slot(self) -> usize {
        self.slot as usize
    }
}

// Derives would ask `K: Copy`, which an id does not need.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        (self.slot, self.generation) == (other.slot, other.generation)
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.slot, self.generation).cmp(&(other.slot, other.generation))
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// A slab whose keys are never mistaken for one another.
pub struct Table<K, T> {
    slots: Slab<(u32, T)>,
    generation: u32,
    of: PhantomData<fn() -> K>,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            of: PhantomData,
        }
    }
}

impl<K, T> Table<K, T> {
    /// Adds a thing and names it.
    pub fn add(&mut self, thing: T) -> Id<K> {
        self.generation = self.generation.wrapping_add(1);
        let slot = self.slots.insert((self.generation, thing));
        let slot = u32::try_from(slot).expect("descriptors run out long before slots do");
        Id {
            slot,
            generation: self.generation,
            of: PhantomData,
        }
    }

    /// The id that [`Id::pack`] made that number of, if its thing is still here.
    pub fn unpack(&self, number: usize) -> Option<Id<K>> {
        let slot = number & ((1 << SLOT_BITS) - 1);
        let (generation, _) = self.slots.get(slot)?;
        let id = Id {
            slot: slot as u32,
            generation: *generation,
            of: PhantomData,
        };
        (id.pack() == number).then_some(id)
    }

    /// The thing of that name, if it is still here.
    pub fn find(&self, id: Id<K>) -> Option<&T> {
        match self.slots.get(id.slot()) {
            Some((generation, thing)) if *generation == id.generation => Some(thing),
            _ => None,
        }
    }

    /// The thing of that name, to be changed.
    pub fn find_mut(&mut self, id: Id<K>) -> Option<&mut T> {
        match self.slots.get_mut(id.slot()) {
            Some((generation, thing)) if *generation == id.generation => Some(thing),
            _ => None,
        }
    }

    /// Two different things at once.
    pub fn find_two(&mut self, a: Id<K>, b: Id<K>) -> Option<(&mut T, &mut T)> {
        if a.slot() == b.slot() {
            return None;
        }
        let ((a_generation, a_thing), (b_generation, b_thing)) =
            self.slots.get2_mut(a.slot(), b.slot())?;
        let current = *a_generation == a.generation && *b_generation == b.generation;
        current.then_some((a_thing, b_thing))
    }

    /// Takes a thing out; its name is void from here on.
    pub fn remove(&mut self, id: Id<K>) -> Option<T> {
        self.find(id)?;
        Some(self.slots.remove(id.slot()).1)
    }

    /// How many things are here.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is here.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Everything that is here, with its name, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (Id<K>, &T)> {
        self.slots.iter().map(|(slot, (generation, thing))| {
            (
                Id {
                    slot: slot as u32,
                    generation: *generation,
                    of: PhantomData,
                },
                thing,
            )
        })
    }

    /// The names of everything that is here, in the order of the slots.
    pub fn ids(&self) -> Vec<Id<K>> {
        self.iter().map(|(id, _)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<kind::Conn, &'static str> {
        Table::default()
    }

    #[test]
    fn an_id_never_finds_the_successor_in_its_slot() {
        let mut table = table();
        let old = table.add("old");
        assert_eq!(table.remove(old), Some("old"));
        let new = table.add("new");
        assert_eq!(old.slot(), new.slot(), "the slot is used again");
        assert_eq!(table.find(old), None);
        assert_eq!(table.remove(old), None);
        assert_eq!(table.find(new), Some(&"new"));
        assert_eq!(table.unpack(new.pack()), Some(new));
        assert_eq!(table.unpack(old.pack()), None);
    }

    #[test]
    fn two_things_are_found_only_if_both_are_current() {
        let mut table = table();
        let (a, b) = (table.add("a"), table.add("b"));
        assert_eq!(table.find_two(a, b), Some((&mut "a", &mut "b")));
        assert_eq!(table.find_two(a, a), None);
        table.remove(b);
        assert_eq!(table.find_two(a, b), None);
        table.add("c");
        assert_eq!(table.find_two(a, b), None);
    }
}
