//! A connection as routes see it: one end, with layers in between or without.

use std::io::IoSlice;

use super::{Conn, Finish, UNLIMITED};
use crate::data::Buf;
use crate::net::sys::{self, Channel};
use crate::route::{Carried, End, Step, Then, is_full_disk};

impl End for Conn {
    type Channel = Channel;

    fn pull(&mut self, into: &mut Buf) -> Step {
        let step = match &self.layers {
            _ if self.left == 0 => Step::Over,
            None => Self::raw_pull(&mut self.transport, &mut self.readable, into),
            Some(_) if self.transport.keeps_messages() => self.pull_message(into),
            Some(_) => self.pull_through_layers(into),
        };
        if let (Step::Moved(n), Some(appetite)) = (&step, &mut self.appetite) {
            appetite.took(*n);
        }
        if matches!(step, Step::Moved(_)) && self.left != UNLIMITED {
            self.left -= 1;
        }
        if matches!(step, Step::Over | Step::Broken(_)) {
            self.over = true;
        }
        step
    }

    fn push(&mut self, from: &mut Buf) -> Step {
        let step = if self.layers.is_some() {
            self.push_through_layers(from.filled())
        } else {
            let ready = (&mut self.readable, &mut self.writable);
            Self::raw_push(&mut self.transport, ready, |to| to.write(from.filled()))
        };
        if let Step::Moved(n) = step {
            from.take(n);
        }
        step
    }

    fn push_parts(&mut self, parts: &[IoSlice<'_>]) -> Step {
        if self.layers.is_none() {
            let ready = (&mut self.readable, &mut self.writable);
            return Self::raw_push(&mut self.transport, ready, |to| to.write_parts(parts));
        }
        match parts.first() {
            Some(part) => self.push_through_layers(part),
            None => Step::Idle,
        }
    }

    fn flush(&mut self) -> Step {
        if self.finish == Finish::Late && !self.is_opening() {
            self.finish_transport();
            return Step::Moved(0);
        }
        let Some(layers) = &mut self.layers else {
            return Step::Idle;
        };
        if layers.tx.is_empty() && self.finish == Finish::Wanted {
            let said = layers.stack.finish(&mut layers.tx);
            if said && layers.tx.is_empty() {
                self.finish_transport();
                return Step::Moved(0);
            }
        }
        // Layers keep the next message until the last has gone, and words that had no room: nobody may be
        // there any more who would pull or push.
        let messages = self.transport.keeps_messages();
        let keeps = layers.sealed && (messages || !layers.settled);
        if layers.tx.is_empty() && keeps {
            layers.tx.lend(&mut layers.pool.borrow_mut());
            let _ = layers.stack.send(&[], &mut layers.tx); // the stack keeps the fault
            layers.tx.settle(&mut layers.pool.borrow_mut());
        }
        if layers.tx.is_empty() {
            return Step::Idle;
        }
        let ready = (&mut self.readable, &mut self.writable);
        let words = layers.tx.filled();
        let step = Self::raw_push(&mut self.transport, ready, |to| to.write(words));
        match step {
            Step::Moved(n) => {
                layers.tx.take(n);
                layers.settled = false;
            }
            // A full disk may have room again later.
            Step::Broken(ref error) if is_full_disk(error) => {}
            Step::Broken(_) => layers.tx.clear(),
            Step::Idle | Step::Over => {}
        }
        step
    }

    fn is_clear(&self) -> bool {
        !matches!(self.finish, Finish::Wanted | Finish::Late)
            && self
                .layers
                .as_ref()
                .is_none_or(|layers| layers.tx.is_empty())
    }

    fn finish(&mut self) {
        if self.finish != Finish::No {
            return;
        }
        // A peer whose end is that of both directions hears no goodbye.
        if self.over && self.transport.ends_whole() {
            self.finish = Finish::Done;
            return;
        }
        self.finish = Finish::Wanted;
        // The layers' goodbye goes with the next flush, behind what is queued.
        if self.layers.is_none() {
            self.finish_transport();
        }
    }

    fn keeps_messages(&self) -> bool {
        self.transport.keeps_messages()
    }

    fn is_readable(&self) -> bool {
        match &self.layers {
            _ if self.left == 0 => true, // its end
            None => self.readable,
            Some(layers) => {
                let takes = layers.takes(self.transport.keeps_messages());
                !layers.settled || (self.readable && takes && !layers.wire_over)
            }
        }
    }

    fn is_writable(&self) -> bool {
        self.writable
    }

    fn channel(from: &Self, to: &Self) -> Option<Channel> {
        if from.layers.is_some() || to.layers.is_some() {
            return None;
        }
        let (_, source) = from.transport.source()?;
        let (_, sink) = to.transport.sink()?;
        let pipes = from.pipes.as_ref()?;
        Channel::between(source, sink, pipes)
    }

    fn carry(
        from: &mut Self,
        to: &mut Self,
        channel: &mut Channel,
        pull: bool,
        most: usize,
    ) -> Carried {
        let ready = sys::Ready {
            source: &mut from.readable,
            sink: &mut to.writable,
        };
        let fds = (from.transport.source(), to.transport.sink());
        let (Some((source, _)), Some((sink, _))) = fds else {
            return Carried::refused();
        };
        let carried = channel.carry(source, sink, ready, (pull, most));
        if let Some(appetite) = &mut from.appetite {
            appetite.took(carried.taken);
        }
        if matches!(carried.then, Then::Over | Then::SourceBroken(_)) {
            from.over = true;
        }
        carried
    }

    fn held(channel: &Channel) -> usize {
        channel.held()
    }

    fn has_room(channel: &Channel) -> bool {
        channel.has_room()
    }

    fn rest(channel: &mut Channel) {
        channel.rest();
    }

    fn rescue(channel: &mut Channel, into: &mut Buf) -> Step {
        match channel.rescue(into.room()) {
            Ok(0) => Step::Over,
            Ok(n) => {
                into.fill(n);
                Step::Moved(n)
            }
            Err(error) => Step::Broken(error),
        }
    }
}
