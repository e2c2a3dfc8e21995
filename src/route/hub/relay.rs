//! How words get into the log of a hub: the centre's, and in a mesh those of every member.
//!
//! Promise: words of different speakers are never mixed up, and every chunk in the log knows its
//! speaker, who does not hear it.

use super::*;
use crate::route::leftovers::Leftover;

/// Room for what a voice makes of words in one piece. It is only asked when the log has as much room.
pub(super) const SPOKEN: usize = 16 * 1024;
/// The least room in the log that is worth a chunk of a stream, unless everybody has everything.
const LEAST: usize = 4096;
/// What part of the log is kept for announcements, so that they are heard while it is full of words.
const RESERVE: usize = 16;

/// How much longer an announcement may become on its way into the log: four characters for every byte
/// that is none, and what stands around it.
const LONGER: usize = 4;
const SLACK: usize = 64;

/// Whose words they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker {
    /// The member, if it is one.
    id: Option<ConnId>,
    /// Who it is to the others.
    number: u32,
    /// These are its last words.
    ends: bool,
}

impl Speaker {
    pub(super) const CENTRE: Self = Self {
        id: None,
        number: CENTRE,
        ends: false,
    };

    pub(super) fn member(id: ConnId, number: u32) -> Self {
        Self {
            id: Some(id),
            number,
            ends: false,
        }
    }

    /// The same when it has said its last word.
    pub(super) fn ending(self) -> Self {
        Self { ends: true, ..self }
    }
}

impl Hub {
    /// Says something to all members in the hub's own name, behind what they have said if there is room
    /// for that. False if there is no room for it, of which a part is kept for this.
    pub fn announce(&mut self, words: &str, cx: &mut Context<'_>) -> bool {
        if !self.has_voice() || self.out != Flow::Pass {
            return true;
        }
        self.tell_all(cx);
        let Reach::Mesh(Some(voice)) = &mut self.reach else {
            return true;
        };
        let longest = LONGER * words.len() + SLACK;
        if self.log.room().is_none_or(|room| room < longest) {
            return false;
        }
        // A queue of its own: the one for what members say must not grow with it.
        let mut spoken = Buf::new(longest);
        voice.announce(words, &mut spoken);
        cx.taps.note(spoken.filled());
        self.log.append(None, spoken.filled());
        self.wake_all();
        true
    }

    pub(super) fn has_voice(&self) -> bool {
        matches!(self.reach, Reach::Mesh(Some(_)))
    }

    /// Puts what one member of a mesh said into the log, and then what those have left behind who
    /// went.
    pub(super) fn tell_all(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        loop {
            moved |= self.pass_on(cx);
            if self.speaker.is_some() || self.leftovers.due(cx.now).is_none() {
                break;
            }
            if let Some(mut chunk) = self.leftovers.take() {
                self.put_into_inbox(&mut chunk.words, cx);
                self.speaker = Some(Speaker {
                    id: None,
                    number: chunk.number,
                    ends: true,
                });
            }
        }
        self.inbox.settle(cx.pool);
        moved
    }

    /// Whether words that wait could go now.
    pub(super) fn could_tell_all(&self, now: Instant) -> bool {
        match self.speaker {
            Some(speaker) => !self.gives_on(speaker) || self.room_for(self.inbox.len()).is_some(),
            None => self.leftovers.due(now).is_some(),
        }
    }

    /// Gives on what the speaker said, as far as the log has room.
    pub(super) fn pass_on(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(speaker) = self.speaker else {
            return false;
        };
        let before = self.inbox.len();
        let mut words = std::mem::replace(&mut self.inbox, Buf::new(0));
        let done = if self.gives_on(speaker) {
            let given = self.broadcast(speaker, &mut words, cx.taps);
            given && (!speaker.ends || self.end_words(speaker, cx.taps))
        } else {
            words.clear();
            true
        };
        self.inbox = words;
        match done {
            true => {
                (self.speaker, self.waits.members) = (None, None);
                self.news.extend(self.at_end.take());
            }
            false => _ = self.waits.members.get_or_insert(cx.now),
        }
        done || self.inbox.len() < before
    }

    /// Writes words into the log as far as it has room. True if they all went.
    pub(super) fn broadcast(&mut self, speaker: Speaker, words: &mut Buf, taps: &mut Taps) -> bool {
        while let Some(n) = self.room_for(words.len()) {
            let n = self.write(speaker, &words.filled()[..n], taps);
            words.take(n);
            if words.is_empty() {
                return true;
            }
        }
        false
    }

    /// A member is gone: what it said last is still heard, and what its voice had begun is ended.
    pub(super) fn leave_words(&mut self, number: u32, held: Option<Box<Held>>) {
        let has_voice = self.has_voice();
        let (words, release) = match held {
            // Nobody speaks in a chat who was announced as gone.
            Some(held) if has_voice => (held.words, None),
            Some(held) => (held.words, Some(held.release)),
            None if has_voice => (Buf::new(0), None),
            None => return,
        };
        self.leftovers.add(Leftover {
            words,
            release,
            number,
        });
    }

    /// Moves a chunk that was held into the inbox, which grows for it if it must: a Unix datagram may
    /// be larger than the piece it has room for.
    pub(super) fn put_into_inbox(&mut self, words: &mut Buf, cx: &mut Context<'_>) {
        if words.is_empty() {
            return;
        }
        cx.taps.note(words.filled());
        self.inbox.lend(cx.pool);
        self.inbox.grow(self.inbox.len() + words.len());
        self.inbox.put(words.filled());
        words.clear();
        words.settle(cx.pool);
    }

    /// Whether members hear this speaker: the centre, or each other.
    fn gives_on(&self, speaker: Speaker) -> bool {
        self.out == Flow::Pass && (self.back == Flow::Pass || speaker.number == CENTRE)
    }

    /// How much of so many bytes may be written into the log now; `None` when they have to wait. What
    /// is too large for the whole log goes when there is nothing else in it.
    fn room_for(&self, len: usize) -> Option<usize> {
        let room = self.log.room();
        let (least, most) = match self.reach {
            Reach::Mesh(Some(_)) => (SPOKEN + self.limits.log / RESERVE, len),
            _ if self.limits.messages => (len, len),
            Reach::Star | Reach::Mesh(None) => (len.min(LEAST), len.min(room.unwrap_or(0))),
        };
        // A full log has no room for an empty message either: no room is less than room for nothing.
        let fits = room.is_some_and(|room| room >= least);
        (fits || self.log.is_empty()).then_some(most)
    }

    /// One chunk of the log, and how many of the bytes are in it.
    fn write(&mut self, speaker: Speaker, words: &[u8], taps: &mut Taps) -> usize {
        if let Reach::Mesh(Some(voice)) = &mut self.reach {
            let n = voice.relay(speaker.number, words, &mut self.spoken);
            self.append_spoken(speaker.id, taps);
            return n;
        }
        taps.note(words);
        let member = speaker.id.and_then(|id| find(&mut self.members, id));
        self.log
            .append(member.and_then(|member| member.cursor.as_mut()), words);
        self.wake_all();
        words.len()
    }

    /// Ends what a member had begun that has left. False if the log has no room for that. Without a
    /// voice nothing was begun: to wait for room would mean to broadcast its words once more, of which
    /// none are left, and that is an empty message that nobody sent.
    fn end_words(&mut self, speaker: Speaker, taps: &mut Taps) -> bool {
        let may_speak = self.room_for(0).is_some();
        let Reach::Mesh(Some(voice)) = &mut self.reach else {
            return true;
        };
        if may_speak {
            voice.end(speaker.number, &mut self.spoken);
            self.append_spoken(speaker.id, taps);
        }
        may_speak
    }

    fn append_spoken(&mut self, speaker: Option<ConnId>, taps: &mut Taps) {
        if !self.spoken.is_empty() {
            taps.note(self.spoken.filled());
            let member = speaker.and_then(|id| find(&mut self.members, id));
            let cursor = member.and_then(|member| member.cursor.as_mut());
            self.log.append(cursor, self.spoken.filled());
            self.spoken.clear();
            self.wake_all();
        }
    }
}
