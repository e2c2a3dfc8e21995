//! A file from one program to another, by every way there is: it arrives whole, every time.

use std::fmt;
use std::fs;
use std::time::Duration;

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, In, Out, Program, Scene, Told, directory, told};
use crate::ways::{Listening, Way, Who};

pub(crate) const SIZE: usize = 1 << 20;

/// More than the kernel holds for anybody.
const BULK: usize = 16 << 20;

/// How often each transfer is made between two of ours, and half as often with somebody else's.
const RUNS: usize = 24;

/// How long one of two programs may be waited for before the other has its turn.
const TURN: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Caller,
    Listener,
}

/// What the one who receives has as its stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ear {
    Null,
    /// It says nothing and does not end.
    OpenPipe,
}

/// One transfer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    pub(crate) way: Way,
    pub(crate) from: From,
    pub(crate) sender: Who,
    pub(crate) receiver: Who,
    pub(crate) ear: Ear,
    pub(crate) size: usize,
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            way,
            from,
            sender,
            receiver,
            ear,
            size: _,
        } = self;
        write!(
            f,
            "{way:?} from the {from:?}, {sender} to {receiver} with {ear:?}"
        )
    }
}

impl Transfer {
    fn sender_options(self) -> &'static [&'static str] {
        match self.sender {
            Who::Ours => &[],
            Who::Installed => &["--send-only"],
        }
    }

    /// Where the end of stdin is the end of all, a receiver must not look at its stdin.
    fn receiver_options(self) -> &'static [&'static str] {
        let ends_with_stdin = self.ear == Ear::Null && !self.way.has_halves();
        if ends_with_stdin || self.receiver == Who::Installed {
            &["--recv-only"]
        } else {
            &[]
        }
    }

    /// Nmap's 7.93 looks at its stdin whatever it is told, when it listens over SCTP: it ends the
    /// association with /dev/null, and whole files are lost.
    pub(crate) fn is_safe(self) -> bool {
        let looks = self.receiver == Who::Installed && self.from == From::Caller;
        !(looks && self.ear == Ear::Null && !self.way.has_halves())
    }

    /// Of the caller and the listener. Nmap's 7.93 leaves without close_notify when it has sent all, over TCP too,
    /// and what ends like that may have been cut off by somebody else: ours says so.
    fn statuses(self) -> [i32; 2] {
        let suspicious = self.sender == Who::Installed && self.way == Way::SctpTls;
        match (suspicious, self.from) {
            (false, _) => [0, 0],
            (true, From::Caller) => [0, 1],
            (true, From::Listener) => [1, 0],
        }
    }

    /// Makes it here.
    fn make(self, seed: u64) -> Told {
        self.make_at(self.way.host(), seed, |_, program| program)
    }

    /// Makes it, with a listener at this address, and each program where `place` puts it.
    pub(crate) fn make_at(
        self,
        host: &str,
        seed: u64,
        place: impl Fn(From, Program) -> Program,
    ) -> Told {
        let dir = directory()?;
        let (input, output) = (dir.path().join("in"), dir.path().join("out"));
        let bytes = noise(seed, self.size);
        told(fs::write(&input, &bytes))?;
        let sends = |program: Program| program.stdin(In::File(input)).stdout(Out::Null);
        let hears = |program: Program| {
            let stdin = match self.ear {
                Ear::Null => In::Null,
                Ear::OpenPipe => In::Pipe,
            };
            program.stdin(stdin).stdout(Out::File(output.clone()))
        };
        let (listens, calls) = (
            |program| place(From::Listener, program),
            |program| place(From::Caller, program),
        );
        let (sender, receiver) = (self.sender_options(), self.receiver_options());
        let (mut listener, mut caller) = match self.from {
            From::Caller => {
                let listener = Listening::start_at(host, self.way, self.receiver, receiver, |p| {
                    listens(hears(p))
                })?;
                let caller = listener.called_by(self.sender, sender, |p| calls(sends(p)))?;
                (listener.scene, caller)
            }
            From::Listener => {
                let listener = Listening::start_at(host, self.way, self.sender, sender, |p| {
                    listens(sends(p))
                })?;
                let caller = listener.called_by(self.receiver, receiver, |p| calls(hears(p)))?;
                (listener.scene, caller)
            }
        };
        both_end(&mut caller, &mut listener, self.statuses())?;
        same("the file", &told(fs::read(&output))?, &bytes)
    }
}

/// Moves bytes at both, a little.
pub(crate) fn turn_both(one: &mut Scene, other: &mut Scene) -> Told {
    one.turn(Deadline::after(TURN))?;
    other.turn(Deadline::after(TURN)).map(drop)
}

/// Waits until both have ended, with status 0.
pub(crate) fn both_end_well(caller: &mut Scene, listener: &mut Scene) -> Told {
    both_end(caller, listener, [0, 0])
}

/// Waits until both have ended, with these statuses.
fn both_end(caller: &mut Scene, listener: &mut Scene, [one, other]: [i32; 2]) -> Told {
    caller.patience = PATIENCE;
    listener.patience = PATIENCE;
    let ended = caller.ends_with(one).map_err(|e| format!("caller: {e}"));
    ended.map_err(|e| format!("{e}; the listener: {}", listener.state()))?;
    listener
        .ends_with(other)
        .map(drop)
        .map_err(|e| format!("listener: {e}; the caller: {}", caller.state()))
}

/// On a bad line a megabyte takes ten seconds, and sometimes three times as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Every transfer of these, so often, with half of the receivers' stdins of each kind.
fn every_time(way: Way, sender: Who, receiver: Who) -> Told {
    let runs = match (sender, receiver) {
        (Who::Ours, Who::Ours) => RUNS,
        _ => RUNS / 2,
    };
    let mut cases = Vec::new();
    for from in [From::Caller, From::Listener] {
        let transfer = |ear| Transfer {
            way,
            from,
            sender,
            receiver,
            ear,
            size: SIZE,
        };
        let ears = [Ear::Null, Ear::OpenPipe].map(transfer);
        let safe = ears.into_iter().filter(|t| t.is_safe()).cycle();
        for (run, transfer) in safe.take(runs).enumerate() {
            let seed = run as u64 + 1;
            cases.push(Case::new(format!("{transfer}, run {run}"), move || {
                transfer.make(seed)
            }));
        }
    }
    assert_eq!(cases.len(), 2 * runs, "each direction, so often");
    all_hold(&cases)
}

/// Both say a megabyte at the same time, and only then one of them ends.
fn at_once(way: Way) -> Told {
    let mut listener = Listening::start(way, Who::Ours, &[], |program| program.stdin(In::Pipe))?;
    let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
    let (there, back) = (noise(1, SIZE), noise(2, SIZE));
    caller.program.stdin.push(&there);
    listener.scene.program.stdin.push(&back);
    let deadline = Deadline::usual();
    while listener.scene.program.stdout.got.len() < SIZE || caller.program.stdout.got.len() < SIZE {
        turn_both(&mut caller, &mut listener.scene)?;
        if deadline.passed() {
            let (one, other) = (caller.state(), listener.scene.state());
            return Err(format!("not all came: {one}; and the listener: {other}"));
        }
    }
    same("what came", &listener.scene.program.stdout.got, &there)?;
    same("what came back", &caller.program.stdout.got, &back)?;
    caller.program.stdin.finish();
    both_end_well(&mut caller, &mut listener.scene)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn bulk_arrives_over_every_way() -> Told {
    let ways = [Way::Tcp, Way::Sctp, Way::SctpTls, Way::Vsock];
    let cases = ways.into_iter().flat_map(|way| {
        [From::Caller, From::Listener].map(|from| {
            let transfer = Transfer {
                way,
                from,
                sender: Who::Ours,
                receiver: Who::Ours,
                ear: Ear::OpenPipe,
                size: BULK,
            };
            Case::new(transfer.to_string(), move || transfer.make(1))
        })
    });
    all_hold(&cases.collect::<Vec<_>>())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_over_tcp() -> Told {
    every_time(Way::Tcp, Who::Ours, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_over_sctp() -> Told {
    every_time(Way::Sctp, Who::Ours, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_over_sctp_and_ipv6() -> Told {
    every_time(Way::Sctp6, Who::Ours, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_over_sctp_through_tls() -> Told {
    every_time(Way::SctpTls, Who::Ours, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_over_vsock() -> Told {
    every_time(Way::Vsock, Who::Ours, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_at_the_installed_ncat_over_sctp() -> Told {
    every_time(Way::Sctp, Who::Ours, Who::Installed)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_from_the_installed_ncat_over_sctp() -> Told {
    every_time(Way::Sctp, Who::Installed, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_at_the_installed_ncat_over_sctp_and_ipv6() -> Told {
    every_time(Way::Sctp6, Who::Ours, Who::Installed)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_from_the_installed_ncat_over_sctp_and_ipv6() -> Told {
    every_time(Way::Sctp6, Who::Installed, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_at_the_installed_ncat_over_sctp_through_tls() -> Told {
    every_time(Way::SctpTls, Who::Ours, Who::Installed)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_from_the_installed_ncat_over_sctp_through_tls() -> Told {
    every_time(Way::SctpTls, Who::Installed, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_at_the_installed_ncat_over_vsock() -> Told {
    every_time(Way::Vsock, Who::Ours, Who::Installed)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_megabyte_arrives_from_the_installed_ncat_over_vsock() -> Told {
    every_time(Way::Vsock, Who::Installed, Who::Ours)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn megabytes_pass_each_other() -> Told {
    let ways = [Way::Tcp, Way::Sctp, Way::Sctp6, Way::SctpTls, Way::Vsock];
    let cases = ways.map(|way| Case::new(format!("{way:?}"), move || at_once(way)));
    all_hold(&cases)
}
