//! Bytes that the kernel moves from descriptor to descriptor: sendfile(2) and splice(2).
//!
//! Owns the pipe that two descriptors need between them when neither is one. Promise: a refusal
//! costs no byte; what the pipe holds can be taken back out.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, splice};

use super::Width;
use super::pipes::{Pipe, Pipes};
use crate::net::stdio::{are_ready, is_ready};
use crate::net::transport::Raw;
use crate::route::{Carried, Then};

/// How much one call may move. The kernel stops earlier whenever a pipe or socket is full.
const PIECE: usize = 1 << 20;
/// A piece under this was most likely all there was. Then the source is asked whether it has more: one
/// question instead of an attempt that moves nothing and a question why. It has to be asked, for a
/// sink without room makes pieces small as well.
const SMALL: usize = 4096;
/// After so many refusals to move though both ends were ready, copying is tried.
const PATIENCE: u8 = 4;

/// The way bytes take.
enum Way {
    /// File to socket.
    SendFile,
    /// One of the two is a pipe.
    Direct { source_is_pipe: bool },
    /// Through a pipe of our own.
    Through,
}

/// Bytes on their way through the kernel.
pub struct Channel {
    way: Way,
    /// Our own pipe, made when the first byte comes.
    pipe: Option<Pipe>,
    /// Where it comes from, and goes to when nothing is in it.
    pipes: Pipes,
    /// That of the pipe at one end.
    width: Width,
    /// Bytes in our own pipe.
    held: usize,
    /// Our own pipe takes no more until some have left.
    full: bool,
    refusals: u8,
}

/// What is known of the readiness of both ends; withdrawn when a call would wait.
pub struct Ready<'a> {
    /// Where bytes come from.
    pub source: &'a mut bool,
    /// Where they go.
    pub sink: &'a mut bool,
}

impl Channel {
    /// A channel between two kinds of descriptors, if the kernel has one.
    pub fn between(source: Raw, sink: Raw, pipes: &Pipes) -> Option<Self> {
        let way = match (source, sink) {
            (Raw::File, Raw::Stream) => Way::SendFile,
            (Raw::Pipe, _) => Way::Direct {
                source_is_pipe: true,
            },
            (_, Raw::Pipe) => Way::Direct {
                source_is_pipe: false,
            },
            (Raw::Stream, Raw::File | Raw::Stream) => Way::Through,
            (Raw::File, Raw::File) => return None,
        };
        Some(Self {
            way,
            pipe: None,
            pipes: pipes.clone(),
            width: Width::default(),
            held: 0,
            full: false,
            refusals: 0,
        })
    }

    /// Bytes that have left the source and not reached the sink.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Whether more can leave the source before some have reached the sink.
    pub fn has_room(&self) -> bool {
        !self.full
    }

    /// One bounded step, in which the sink gets `most` bytes at most. With `pull` unset it only empties
    /// what is held.
    pub fn carry(
        &mut self,
        source: BorrowedFd<'_>,
        sink: BorrowedFd<'_>,
        ready: Ready<'_>,
        (pull, most): (bool, usize),
    ) -> Carried {
        match &self.way {
            Way::SendFile | Way::Direct { .. } if !pull || !*ready.sink || !*ready.source => {
                Carried::moved(0, 0, Then::Wait)
            }
            Way::SendFile => self.send_file(source, sink, ready, most),
            Way::Direct { .. } => self.direct(source, sink, ready, most),
            Way::Through => self.through(source, sink, ready, (pull, most)),
        }
    }

    fn send_file(
        &mut self,
        source: BorrowedFd<'_>,
        sink: BorrowedFd<'_>,
        ready: Ready<'_>,
        most: usize,
    ) -> Carried {
        match rustix::fs::sendfile(sink, source, None, PIECE.min(most)) {
            Ok(0) => Carried::moved(0, 0, Then::Over),
            Ok(n) => Carried::moved(n, n, Then::More),
            Err(Errno::AGAIN) => {
                *ready.sink = false;
                Carried::moved(0, 0, Then::Wait)
            }
            Err(errno) => Carried::moved(0, 0, failure(errno)),
        }
    }

    fn direct(
        &mut self,
        source: BorrowedFd<'_>,
        sink: BorrowedFd<'_>,
        ready: Ready<'_>,
        most: usize,
    ) -> Carried {
        let piece = PIECE.min(most);
        match splice(source, None, sink, None, piece, SpliceFlags::NONBLOCK) {
            Ok(0) => Carried::moved(0, 0, Then::Over),
            Ok(n) => {
                self.refusals = 0;
                let pipe = if self.source_is_pipe() { source } else { sink };
                self.width.passed(n, pipe);
                if n < SMALL {
                    *ready.source = is_ready(source, PollFlags::IN);
                }
                Carried::moved(n, n, Then::More)
            }
            Err(Errno::AGAIN) => self.look_who_waits(source, sink, ready),
            Err(errno) if !self.source_is_pipe() && says_it_of_itself(errno) => {
                Carried::moved(0, 0, Then::SourceBroken(errno.into()))
            }
            Err(errno) => Carried::moved(0, 0, failure(errno)),
        }
    }

    fn source_is_pipe(&self) -> bool {
        matches!(
            self.way,
            Way::Direct {
                source_is_pipe: true
            }
        )
    }

    /// The kernel says that something would wait, not what: ask both ends.
    fn look_who_waits(
        &mut self,
        source: BorrowedFd<'_>,
        sink: BorrowedFd<'_>,
        ready: Ready<'_>,
    ) -> Carried {
        let ends = [(source, PollFlags::IN), (sink, PollFlags::OUT)];
        [*ready.source, *ready.sink] = are_ready(ends);
        if *ready.source && *ready.sink {
            return Carried::moved(0, 0, self.try_again());
        }
        Carried::moved(0, 0, Then::Wait)
    }

    /// Nothing moved though both ends say that they are ready: something came just now, or the kernel
    /// will never do it.
    fn try_again(&mut self) -> Then {
        self.refusals += 1;
        if self.refusals < PATIENCE {
            Then::More
        } else {
            Then::Refused
        }
    }

    fn through(
        &mut self,
        source: BorrowedFd<'_>,
        sink: BorrowedFd<'_>,
        ready: Ready<'_>,
        (pull, most): (bool, usize),
    ) -> Carried {
        let mut carried = Carried::moved(0, 0, Then::Wait);
        if pull && *ready.source && !self.full {
            (carried.taken, carried.then) = self.fill(source, ready.source);
        }
        if self.held > 0 && *ready.sink {
            let (given, then) = self.empty(sink, ready.sink, most);
            carried.given = given;
            // What the source said last must not be forgotten over what the sink says: a refusal
            // will be repeated.
            if carried.then.is_quiet() || matches!(then, Then::SinkBroken(_)) {
                carried.then = then;
            }
        }
        carried
    }

    /// From the source into our own pipe.
    fn fill(&mut self, source: BorrowedFd<'_>, readable: &mut bool) -> (usize, Then) {
        if self.pipe.is_none() {
            self.pipe = self.pipes.take().ok();
        }
        let Some(Pipe { writer, width, .. }) = &mut self.pipe else {
            return (0, Then::Refused);
        };
        let writer = writer.as_fd();
        match splice(source, None, writer, None, PIECE, SpliceFlags::NONBLOCK) {
            Ok(0) => (0, Then::Over),
            Ok(n) => {
                width.passed(n, writer);
                self.held += n;
                self.refusals = 0;
                if n < SMALL {
                    *readable = is_ready(source, PollFlags::IN);
                }
                (n, Then::More)
            }
            Err(Errno::AGAIN) => {
                *readable = is_ready(source, PollFlags::IN);
                // A pipe can be full of small pieces long before it is full of bytes.
                self.full = *readable && self.held > 0;
                let puzzling = *readable && !self.full;
                (
                    0,
                    if puzzling {
                        self.try_again()
                    } else {
                        Then::Wait
                    },
                )
            }
            Err(Errno::INTR) => (0, Then::More),
            Err(errno @ (Errno::INVAL | Errno::NOSYS)) if self.held == 0 => (0, failure(errno)),
            Err(errno) => (0, Then::SourceBroken(errno.into())),
        }
    }

    /// From our own pipe into the sink.
    fn empty(&mut self, sink: BorrowedFd<'_>, writable: &mut bool, most: usize) -> (usize, Then) {
        let Some(Pipe { reader, .. }) = &self.pipe else {
            return (0, Then::Wait);
        };
        let reader = reader.as_fd();
        let piece = self.held.min(most);
        match splice(reader, None, sink, None, piece, SpliceFlags::NONBLOCK) {
            Ok(n) => {
                self.held -= n;
                self.full = false;
                (n, Then::More)
            }
            Err(Errno::AGAIN) => {
                *writable = false;
                (0, Then::Wait)
            }
            Err(errno) => (0, failure(errno)),
        }
    }

    /// Nothing goes through for a while: somebody else may have the pipe meanwhile.
    pub fn rest(&mut self) {
        if self.held == 0
            && let Some(pipe) = self.pipe.take()
        {
            self.pipes.give_back(pipe);
        }
    }

    /// Takes held bytes back out; 0 when none is left.
    ///
    /// # Errors
    /// Those of read(2) on a pipe of our own: none that is expected.
    pub fn rescue(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(Pipe { reader, .. }) = &self.pipe else {
            return Ok(0);
        };
        if self.held == 0 {
            return Ok(0);
        }
        let most = into.len().min(self.held);
        let n = rustix::io::read(reader, &mut into[..most])?;
        self.held -= n;
        Ok(n)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.rest();
    }
}

/// What a socket that is read says of itself, one that data opened included; whoever takes it, never.
fn says_it_of_itself(errno: Errno) -> bool {
    let opening = [Errno::CONNREFUSED, Errno::HOSTUNREACH, Errno::NETUNREACH];
    [Errno::CONNRESET, Errno::TIMEDOUT, Errno::IO].contains(&errno) || opening.contains(&errno)
}

/// What an error means when nothing was moved. One that does not say which end it is about is a
/// refusal as well: the read or write that comes next will say.
fn failure(errno: Errno) -> Then {
    match errno {
        Errno::INTR => Then::More,
        Errno::INVAL | Errno::NOSYS | Errno::OVERFLOW | Errno::OPNOTSUPP => Then::Refused,
        Errno::BADF | Errno::IO => Then::Refused,
        errno => Then::SinkBroken(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Two connections, and a channel from the first to the second.
    struct Scene {
        said: UnixStream,
        source: UnixStream,
        sink: UnixStream,
        heard: UnixStream,
        channel: Channel,
        pipes: Pipes,
    }

    fn scene() -> Scene {
        let (said, source) = UnixStream::pair().expect("a pair");
        let (sink, heard) = UnixStream::pair().expect("a pair");
        for end in [&source, &sink] {
            end.set_nonblocking(true).expect("a socket need not block");
        }
        let pipes = Pipes::default();
        let channel = Channel::between(Raw::Stream, Raw::Stream, &pipes);
        Scene {
            said,
            source,
            sink,
            heard,
            channel: channel.expect("the kernel has one"),
            pipes,
        }
    }

    impl Scene {
        /// One step; what left the source and what reached the sink.
        fn carry(&mut self, mut sink: bool) -> (usize, usize) {
            let ready = Ready {
                source: &mut true,
                sink: &mut sink,
            };
            let (from, to) = (self.source.as_fd(), self.sink.as_fd());
            let carried = self.channel.carry(from, to, ready, (true, usize::MAX));
            (carried.taken, carried.given)
        }
    }

    #[test]
    fn a_pipe_is_handed_on_when_nothing_is_in_it_and_not_before() {
        let mut scene = scene();
        scene.said.write_all(b"hello").expect("room");
        assert_eq!(scene.carry(false), (5, 0), "the sink takes nothing yet");
        scene.channel.rest();
        assert_eq!(scene.pipes.kept(), 0, "something is in it");
        assert_eq!(scene.carry(true), (0, 5), "and it comes out");
        scene.channel.rest();
        assert_eq!(scene.pipes.kept(), 1, "it is empty");
        scene.said.write_all(b" world").expect("room");
        assert_eq!(scene.carry(true), (6, 6), "it is taken again");
        assert_eq!(scene.pipes.kept(), 0, "and nobody else has it");
        let mut heard = [0; 11];
        scene.heard.read_exact(&mut heard).expect("all of it");
        assert_eq!(&heard, b"hello world");
    }

    #[test]
    fn a_channel_that_goes_keeps_what_is_in_its_pipe_from_others() {
        for holds in [true, false] {
            let mut scene = scene();
            scene.said.write_all(b"hello").expect("room");
            scene.carry(!holds);
            assert_eq!(scene.channel.held() > 0, holds);
            drop(scene.channel);
            let kept = usize::from(!holds);
            assert_eq!(scene.pipes.kept(), kept, "with something in it: {holds}");
        }
    }

    #[test]
    fn what_a_pipe_holds_can_be_taken_back_out() {
        let mut scene = scene();
        scene.said.write_all(b"hello").expect("room");
        scene.carry(false);
        let mut into = [0; 3];
        let mut rescued: Vec<u8> = Vec::new();
        while let n @ 1.. = scene.channel.rescue(&mut into).expect("a pipe can be read") {
            rescued.extend(&into[..n]);
        }
        assert_eq!(rescued, b"hello");
        scene.channel.rest();
        assert_eq!(scene.pipes.kept(), 1, "and is empty then");
    }
}
