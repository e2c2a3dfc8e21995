//! Lines that are slow, far and lossy: a fiftieth of all packets is lost, each way takes 40 ms, and ten
//! megabits pass in a second.

use std::time::Duration;

use crate::common::payload::lines;
use crate::common::scene::announced;
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, In, Program, Scene, Told};
use crate::transfers::{Ear, From, SIZE, Transfer, turn_both};
use crate::ways::{Way, Who};
use crate::world::World;

/// A transfer over a line that is bad.
fn over_a_bad_line(transfer: Transfer) -> Told {
    let world = World::pair()?;
    world.make_lines_bad()?;
    transfer.make_at(&World::FAR.to_string(), 1, |side, program| match side {
        From::Caller => world.near.home_of(program),
        From::Listener => world.far.home_of(program),
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_over_a_bad_line() -> Told {
    let mut cases = Vec::new();
    for way in [Way::Tcp, Way::Tls, Way::Sctp, Way::SctpTls] {
        for from in [From::Caller, From::Listener] {
            let transfer = Transfer {
                way,
                from,
                sender: Who::Ours,
                receiver: Who::Ours,
                ear: Ear::OpenPipe,
                size: SIZE,
            };
            cases.push(Case::new(transfer.to_string(), move || {
                over_a_bad_line(transfer)
            }));
        }
    }
    all_hold(&cases)
}

/// Two that speak through DTLS over a bad line.
struct Talk {
    listener: Scene,
    caller: Scene,
    _world: World,
}

impl Talk {
    fn begin(listens: &[&str]) -> Told<Self> {
        let world = World::pair()?;
        world.make_lines_bad()?;
        let host = World::FAR.to_string();
        let words = ["-u", "--ssl", &host, "7777"];
        let listens = Program::ncat([&["-l", "-v"], listens, &words].concat()).stdin(In::Pipe);
        let mut listener = Scene::of(world.far.home_of(listens))?;
        announced(&mut listener, 1)?;
        let calls = Program::ncat([&LEAVE, &words[..]].concat()).stdin(In::Pipe);
        let caller = Scene::of(world.near.home_of(calls))?;
        Ok(Self {
            listener,
            caller,
            _world: world,
        })
    }

    fn ends(&mut self, from: From) -> (&mut Scene, &mut Scene) {
        match from {
            From::Caller => (&mut self.caller, &mut self.listener),
            From::Listener => (&mut self.listener, &mut self.caller),
        }
    }

    /// Says something, and gives it some time to arrive; true if it has.
    fn say(&mut self, from: From, words: &[u8]) -> Told<bool> {
        let (sender, receiver) = self.ends(from);
        let due = receiver.program.stdout.got.len() + words.len();
        sender.program.stdin.push(words);
        let there = |receiver: &Scene| receiver.program.stdout.got.len() >= due;
        let lost = Deadline::after(LOST);
        while !there(receiver) && !lost.passed() {
            turn_both(sender, receiver)?;
        }
        Ok(there(receiver))
    }

    /// Says it until it has arrived: then both have shaken hands.
    fn say_until_heard(&mut self, from: From, words: &[u8]) -> Told {
        let deadline = Deadline::usual();
        while !self.say(from, words)? {
            if deadline.passed() {
                let (one, other) = (self.caller.state(), self.listener.state());
                return Err(format!(
                    "nothing is heard: {one}; and the listener: {other}"
                ));
            }
        }
        Ok(())
    }
}

/// A receiver that does not hear the sender's goodbye, which may be lost like all else, leaves by itself.
const LEAVE: [&str; 2] = ["-i", "10s"];

/// What has not come after so long will not come.
const LOST: Duration = Duration::from_millis(200);

/// DTLS promises no datagram. What it promises over a bad line is that there will be a session, and that
/// what comes is what was sent, each at most once and in order, for these lines do not overtake.
fn datagrams_over_a_bad_line(from: From) -> Told {
    const SIZE: usize = 1 << 20;
    /// As much as is read at a time from a pipe, so that it makes one datagram.
    const PIECE: usize = 4096;
    const HELLO: &[u8] = b"hello\n";
    let mut talk = Talk::begin(&LEAVE)?;
    talk.say_until_heard(From::Caller, HELLO)?;
    let sent = lines(7, SIZE);
    for piece in sent.chunks(PIECE) {
        talk.say(from, piece)?;
    }
    let (sender, receiver) = talk.ends(from);
    sender.program.stdin.finish();
    if from == From::Caller {
        sender.ends_with(0)?;
        let outcome = receiver.outcome()?;
        if outcome.code != 0 && !outcome.stderr.contains("Idle timeout expired") {
            return Err(format!("the receiver failed: {outcome:?}"));
        }
    }
    let mut came = receiver.program.stdout.got.as_slice();
    while let Some(rest) = came.strip_prefix(HELLO) {
        came = rest;
    }
    let mut rest = sent.chunks(PIECE);
    for (number, piece) in came.chunks(PIECE).enumerate() {
        if !rest.any(|sent| sent == piece) {
            return Err(format!(
                "piece {number} of what came was not sent, or not then"
            ));
        }
    }
    // Of four packets that make a piece, all arrive in nine cases of ten.
    match came.len() > SIZE / 2 {
        true => Ok(()),
        false => Err(format!("{} bytes of {SIZE} came", came.len())),
    }
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn datagrams_arrive_through_dtls_as_they_were_sent() -> Told {
    let cases = [From::Caller, From::Listener].map(|from| {
        Case::new(format!("from the {from:?}"), move || {
            datagrams_over_a_bad_line(from)
        })
    });
    all_hold(&cases)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn whoever_asks_again_is_answered_through_dtls() -> Told {
    const WORDS: u32 = 32;
    let mut talk = Talk::begin(&["-k", "-e", "/bin/cat"])?;
    for number in 0..WORDS {
        let mut word = format!("{number:08} ").into_bytes();
        word.resize(1000, b'.');
        let caller = &mut talk.caller;
        let deadline = Deadline::usual();
        caller.program.stdout.got.clear();
        // Answers to what was asked twice may come late: every word has its number.
        while !caller.program.stdout.got.ends_with(&word) {
            if deadline.passed() {
                return Err(format!("no answer to word {number}; {}", caller.state()));
            }
            caller.program.stdin.push(&word);
            let lost = Deadline::after(LOST);
            while !lost.passed() && !caller.program.stdout.got.ends_with(&word) {
                caller.turn(lost)?;
            }
        }
    }
    Ok(())
}
