//! Names for things that come and go: a slot in a table and the generation that filled it.
//!
//! Promise: an id names one thing for ever. When the thing has left, the id finds nobody, never
//! the successor in the same slot, so late events, alarms and requests are harmless.

use std::marker::PhantomData;

use slab::Slab;

/// Slot and generation of something of type `T`, in eight bytes.
pub struct Id<T> {
    slot: u32,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id as one number that survives a trip through an event's token. Only the low 24 bits of
    /// the generation fit beside the slot, which leaves the top byte to the caller.
    pub fn pack(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// The id that [`Id::pack`] made a number of; the top byte is ignored.
    pub fn unpack(number: u64) -> Self {
        Self {
            slot: number as u32,
            generation: (number >> 32) as u32 & GENERATIONS,
            of: PhantomData,
        }
    }

    /// The slot alone: small and dense, for side tables that live as long as the thing does.
    pub fn slot(self) -> usize {
        self.slot as usize
    }
}

/// Generations wrap here: 16 million successors in one slot before an old id could be mistaken.
const GENERATIONS: u32 = 0x00ff_ffff;

// Derives would ask `T: Copy`, which an id does not need.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.pack() == other.pack()
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.pack().hash(state);
    }
}
impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// A slab whose keys are never mistaken for one another.
pub struct Table<T> {
    slots: Slab<(u32, T)>,
    generation: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
        }
    }
}

impl<T> Table<T> {
    /// Adds a thing and names it.
    pub fn add(&mut self, thing: T) -> Id<T> {
        self.generation = (self.generation + 1) & GENERATIONS;
        let slot = self.slots.insert((self.generation, thing));
        let slot = u32::try_from(slot).expect("descriptors run out long before slots do");
        Id {
            slot,
            generation: self.generation,
            of: PhantomData,
        }
    }

    /// The thing of that name, if it is still here.
    pub fn find(&self, id: Id<T>) -> Option<&T> {
        match self.slots.get(id.slot()) {
            Some((generation, thing)) if *generation == id.generation => Some(thing),
            _ => None,
        }
    }

    /// The thing of that name, to be changed.
    pub fn find_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        match self.slots.get_mut(id.slot()) {
            Some((generation, thing)) if *generation == id.generation => Some(thing),
            _ => None,
        }
    }

    /// Two different things at once.
    pub fn find_two(&mut self, a: Id<T>, b: Id<T>) -> Option<(&mut T, &mut T)> {
        if a.slot() == b.slot() {
            return None;
        }
        let ((a_generation, a_thing), (b_generation, b_thing)) =
            self.slots.get2_mut(a.slot(), b.slot())?;
        let current = *a_generation == a.generation && *b_generation == b.generation;
        current.then_some((a_thing, b_thing))
    }

    /// Takes a thing out; its name is void from here on.
    pub fn remove(&mut self, id: Id<T>) -> Option<T> {
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
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_finds_the_successor_in_its_slot() {
        let mut table = Table::default();
        let old = table.add("old");
        assert_eq!(table.remove(old), Some("old"));
        let new = table.add("new");
        assert_eq!(old.slot(), new.slot(), "the slot is used again");
        assert_eq!(table.find(old), None);
        assert_eq!(table.remove(old), None);
        assert_eq!(table.find(new), Some(&"new"));
        assert_eq!(Id::unpack(new.pack()), new);
    }

    #[test]
    fn two_things_are_found_only_if_both_are_current() {
        let mut table = Table::default();
        let (a, b) = (table.add(1), table.add(2));
        assert_eq!(table.find_two(a, b), Some((&mut 1, &mut 2)));
        assert_eq!(table.find_two(a, a), None);
        table.remove(b);
        assert_eq!(table.find_two(a, b), None);
        table.add(3);
        assert_eq!(table.find_two(a, b), None);
    }
}
