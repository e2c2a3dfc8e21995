//! Routes: who talks to whom, and the moving of bytes between them.
//!
//! Knows no sockets and no protocols: both ends of a route are [`End`]s. The unit of work is the
//! route, not the connection, because each end's room is the other end's permission to read: run
//! together, neither has to remember to wake the other.

mod bucket;
mod digest;
mod hub;
mod lane;
mod leftovers;
mod link;
mod pace;
mod tap;

use std::io::{self, IoSlice};
use std::time::Instant;

pub use bucket::Bucket;
pub use digest::Digest;
pub use hub::{CENTRE, Hub, Limits, Reach, Voice};
pub use lane::{Flow, Lane, News};
pub use link::{Link, Lull, Side};
pub use pace::Pace;
pub use tap::{Form, Log, Tap, Taps};

use crate::data::{Buf, Pool};

/// What one attempt to move bytes came to.
#[derive(Debug)]
pub enum Step {
    /// That many bytes went. For an end that keeps messages, one message; it may be empty.
    Moved(usize),
    /// Nothing can go until the end says that it is ready again.
    Idle,
    /// The end is over in this direction.
    Over,
    /// The end broke in this direction.
    Broken(io::Error),
}

/// What one attempt of the kernel to carry bytes from end to end came to.
#[derive(Debug)]
pub struct Carried {
    /// Bytes that the sink took.
    pub given: usize,
    /// Bytes that left the source; the difference to `given` waits in the channel.
    pub taken: usize,
    /// What stopped it.
    pub then: Then,
}

impl Carried {
    /// So many bytes given and taken, and then that.
    pub fn moved(given: usize, taken: usize, then: Then) -> Self {
        Self { given, taken, then }
    }

    /// Nothing was moved, and nothing ever will be.
    pub fn refused() -> Self {
        Self::moved(0, 0, Then::Refused)
    }
}

impl Then {
    /// Whether it says nothing that has to be remembered.
    pub fn is_quiet(&self) -> bool {
        matches!(self, Self::More | Self::Wait)
    }
}

/// What stopped the kernel from carrying more.
#[derive(Debug)]
pub enum Then {
    /// Nothing: try again.
    More,
    /// An end is not ready; its readiness says which.
    Wait,
    /// The source is over.
    Over,
    /// The source broke.
    SourceBroken(io::Error),
    /// The sink broke; what the channel holds is lost with it.
    SinkBroken(io::Error),
    /// The kernel will not carry between these ends: copy from here on.
    Refused,
}

/// One side of a route.
pub trait End {
    /// Whatever the kernel needs between two raw ends, and the bytes on their way in it.
    type Channel;

    /// Takes bytes from the end, as many as one call gives, into the room of the queue.
    fn pull(&mut self, into: &mut Buf) -> Step;

    /// Gives bytes to the end, as many as one call takes; what went has left the queue. An end that
    /// keeps messages takes the whole queue as one message or nothing.
    fn push(&mut self, from: &mut Buf) -> Step;

    /// Gives bytes that lie in several places, in order; returns how many went.
    fn push_parts(&mut self, parts: &[IoSlice<'_>]) -> Step;

    /// Moves what the end's own layers have queued, a farewell included. `Idle` also when there is
    /// nothing of the kind. After `Broken` nothing is queued any more.
    fn flush(&mut self) -> Step;

    /// Whether everything that was pushed, and the farewell if one was asked for, has gone.
    fn is_clear(&self) -> bool;

    /// No more will be pushed: half-close, or the layer's goodbye, or nothing.
    fn finish(&mut self);

    /// Datagrams: one at a time, never joined.
    fn keeps_messages(&self) -> bool;

    /// Whether a pull might give something, as far as is known.
    fn is_readable(&self) -> bool;

    /// Whether a push might take something, as far as is known.
    fn is_writable(&self) -> bool;

    /// A channel if the kernel can carry bytes between these two: no layer, no message boundary.
    fn channel(from: &Self, to: &Self) -> Option<Self::Channel>;

    /// One bounded step of the kernel, in which the sink gets `most` bytes at most. With `pull` unset it
    /// only empties the channel.
    fn carry(
        from: &mut Self,
        to: &mut Self,
        channel: &mut Self::Channel,
        pull: bool,
        most: usize,
    ) -> Carried;

    /// How many bytes wait in the channel.
    fn held(channel: &Self::Channel) -> usize;

    /// Whether more bytes fit into the channel.
    fn has_room(channel: &Self::Channel) -> bool;

    /// Nothing goes through the channel for a while: what it does not need meanwhile is not kept.
    fn rest(channel: &mut Self::Channel);

    /// Takes bytes back out of a channel that is given up.
    fn rescue(channel: &mut Self::Channel, into: &mut Buf) -> Step;
}

/// Whether a sink failed for want of room on its disk, which may come back.
pub fn is_full_disk(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), QuotaExceeded | StorageFull)
}

/// What a route borrows for one turn.
pub struct Context<'a> {
    /// The time of this round of the loop.
    pub now: Instant,
    /// Memory for queues.
    pub pool: &'a mut Pool,
    /// Who sees what passes.
    pub taps: &'a mut Taps,
}

/// Whether a route that had its turn could have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It used up its steps: queue it again.
    Again,
    /// Nothing moves until an end is ready or an alarm rings.
    Rest,
}

/// How often one route may move before the next gets its turn. Sixteen full queues keep a fast pipe
/// from starving a keystroke for more than a few milliseconds; one would cost a poll per chunk.
const TURN: usize = 16;
