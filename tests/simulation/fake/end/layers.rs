//! An end with layers in between: what is pushed rests below them for a while, answers and a goodbye join
//! it, and reading waits for room to answer.

use ncat::data::Buf;
use ncat::route::Step;

use super::{End, Finish, Piece};

/// How many bytes may rest below the layers.
const TX: usize = 24;

impl End {
    /// Layers whose work is done are not kept once nothing rests in them; true if there are none.
    pub(crate) fn shed(&mut self) -> bool {
        if self.finish == Finish::No && self.tx.is_empty() && !self.nature.messages {
            (self.nature.layered, self.stuck) = (false, false);
        }
        !self.nature.layered
    }

    pub(super) fn pull_layered(&mut self, into: &mut Buf) -> Step {
        if self.dice.once_in(5) && self.readable {
            // Whoever is held up by what it says has room for its answers, or nobody could help it.
            self.stuck = self.tx_len() >= TX && !self.nature.echo;
            if self.stuck {
                return Step::Idle;
            }
            if self.finish == Finish::No {
                self.tx.push_back(Piece::Answer);
            }
        }
        self.pull_raw(into)
    }

    pub(super) fn push_layered(&mut self, from: &mut Buf) -> Step {
        let room = TX.saturating_sub(self.tx_len());
        let busy = self.nature.messages && !self.tx.is_empty();
        if room == 0 || busy {
            return Step::Idle;
        }
        assert!(
            self.finish == Finish::No,
            "bytes were given after the end was told"
        );
        let n = match self.nature.messages {
            true => from.len(),
            false => room.min(from.len()),
        };
        self.tx.push_back(Piece::Said(from.filled()[..n].to_vec()));
        from.take(n);
        self.accepted += n;
        self.moves += 1;
        match self.flush_layers() {
            Step::Broken(error) => Step::Broken(error),
            Step::Moved(_) | Step::Idle | Step::Over => Step::Moved(n),
        }
    }

    pub(super) fn flush_layers(&mut self) -> Step {
        if self.tx.is_empty() && self.finish == Finish::Wanted {
            if self.dice.once_in(2) {
                self.tx.push_back(Piece::Goodbye);
            } else {
                self.finish = Finish::Done;
                self.ear.finished = true;
                return Step::Moved(0);
            }
        }
        match self.writable {
            true => self.flush_piece(),
            false => Step::Idle,
        }
    }

    fn flush_piece(&mut self) -> Step {
        let step = match self.tx.pop_front() {
            Some(Piece::Said(mut bytes)) => {
                let step = self.push_raw(&bytes);
                if let Step::Moved(n) = step {
                    bytes.drain(..n);
                }
                if !bytes.is_empty() {
                    self.tx.push_front(Piece::Said(bytes));
                }
                step
            }
            Some(piece) => match self.look_for_room(0) {
                Ok(_) => Step::Moved(3),
                Err(step) => {
                    self.tx.push_front(piece);
                    step
                }
            },
            None => Step::Idle,
        };
        match step {
            Step::Moved(_) => self.stuck = false,
            Step::Broken(_) => {
                self.tx.clear();
                self.readable = true;
            }
            Step::Idle | Step::Over => {}
        }
        step
    }
    fn tx_len(&self) -> usize {
        self.tx.iter().fold(0, |sum, piece| match piece {
            Piece::Said(bytes) => sum + bytes.len(),
            Piece::Answer | Piece::Goodbye => sum + 3,
        })
    }
}
