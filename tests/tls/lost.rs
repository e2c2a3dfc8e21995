//! Datagrams of a DTLS handshake that are lost, one at a time: whoever has nothing more to say leaves only
//! when the other side has what it needs to make anything of what was said.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::common::deadline::told;
use crate::common::proc_net::udp_port_of;
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, In, Program, Scene, Told};
use crate::people::words;

/// The first byte of datagrams that carry what a handshake says.
const HANDSHAKE: [u8; 2] = [20, 22];
/// No handshake of ours has as many datagrams in one direction.
const MANY: usize = 10;
/// How long one of both may be waited for before the way and the other have their turn.
const TURN: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug, PartialEq)]
enum To {
    Caller,
    Listener,
}

/// A way between a caller and a listener on which one datagram of the handshake is lost.
struct Way {
    outside: UdpSocket,
    inside: UdpSocket,
    caller: Option<SocketAddr>,
    /// Which is lost, and how many of that direction have come so far.
    loses: (To, usize),
    came: usize,
}

impl Way {
    fn to(listener: u16, loses: (To, usize)) -> io::Result<Self> {
        let socket = || -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let (outside, inside) = (socket()?, socket()?);
        inside.connect((Ipv4Addr::LOCALHOST, listener))?;
        Ok(Self {
            outside,
            inside,
            caller: None,
            loses,
            came: 0,
        })
    }

    fn loses(&mut self, to: To, datagram: &[u8]) -> bool {
        let counts = to == self.loses.0 && HANDSHAKE.contains(&datagram[0]);
        self.came += usize::from(counts);
        counts && self.came == self.loses.1
    }

    /// Passes on what there is. Either side may be gone: nobody is told, as on a real way.
    fn work(&mut self) {
        let mut room = vec![0; 65536];
        while let Ok((n, from)) = self.outside.recv_from(&mut room) {
            self.caller = Some(from);
            if !self.loses(To::Listener, &room[..n]) {
                let _ = self.inside.send(&room[..n]); // it may be gone
            }
        }
        while let Ok(n) = self.inside.recv(&mut room) {
            if let Some(caller) = self.caller.filter(|_| !self.loses(To::Caller, &room[..n])) {
                let _ = self.outside.send_to(&room[..n], caller); // it may be gone
            }
        }
    }
}

/// One side says something and leaves at once, and the other hears it.
struct Talk {
    name: &'static str,
    speaks: To,
    listens: &'static [&'static str],
    calls: &'static [&'static str],
    /// The listener lets others in as well, and stays.
    stays: bool,
}

const SAID: &str = "said\n";

const TALKS: [Talk; 6] = [
    Talk {
        name: "a listener that only sends",
        speaks: To::Caller,
        listens: &["--send-only"],
        calls: &["--recv-only"],
        stays: false,
    },
    Talk {
        name: "a listener that only sends to a caller that could answer",
        speaks: To::Caller,
        listens: &["--send-only"],
        calls: &[],
        stays: false,
    },
    Talk {
        name: "a program that ends",
        speaks: To::Caller,
        listens: &["-e", "/bin/echo said"],
        calls: &["--recv-only"],
        stays: false,
    },
    Talk {
        name: "a program that ends, of a listener that stays",
        speaks: To::Caller,
        listens: &["-k", "-e", "/bin/echo said"],
        calls: &["--recv-only"],
        stays: true,
    },
    Talk {
        name: "a caller that only sends",
        speaks: To::Listener,
        listens: &["--recv-only"],
        calls: &["--send-only"],
        stays: false,
    },
    Talk {
        name: "a caller whose stdin ends",
        speaks: To::Listener,
        listens: &[],
        calls: &[],
        stays: false,
    },
];

impl Talk {
    /// Loses the datagram if there is one; false if there is none.
    fn hold(&self, loses: (To, usize)) -> Told<bool> {
        let usual = ["-l", "-u", "--ssl", "-v", "127.0.0.1", "0"];
        let program = Program::ncat(words(&[&usual, self.listens])).stdin(In::Pipe);
        let mut listener = Scene::of(program)?;
        let port = udp_port_of(&mut listener.program, Deadline::usual())?;
        let mut way = told(Way::to(port, loses))?;
        let there = told(way.outside.local_addr())?.port().to_string();
        let usual = ["-u", "--ssl", "127.0.0.1", &there];
        let program = Program::ncat(words(&[&usual, self.calls])).stdin(In::Pipe);
        let mut caller = Scene::of(program)?;
        let speaker = match self.speaks {
            To::Caller => &mut listener,
            To::Listener => &mut caller,
        };
        speaker.program.stdin.push(SAID.as_bytes());
        speaker.program.stdin.finish();
        let deadline = Deadline::usual();
        let is_over = |scene: &Scene| scene.program.status.is_some();
        while !is_over(&caller) || !(self.stays || is_over(&listener)) {
            way.work();
            listener.turn(Deadline::after(TURN))?;
            caller.turn(Deadline::after(TURN))?;
            if deadline.passed() {
                let (one, other) = (listener.state(), caller.state());
                return Err(format!("it does not end: {one}; and the caller: {other}"));
            }
        }
        let hearer = match self.speaks {
            To::Caller => &mut caller,
            To::Listener => &mut listener,
        };
        let heard = hearer.ends_with(0)?.stdout;
        if !self.stays {
            listener.ends_with(0)?;
        }
        caller.ends_with(0)?;
        match heard == SAID.as_bytes() {
            true => Ok(way.came >= loses.1),
            false => Err(format!("it heard {:?}", String::from_utf8_lossy(&heard))),
        }
    }

    fn hold_whatever_is_lost(&self, to: To) -> Told {
        for number in 1..=MANY {
            let lost = self.hold((to, number));
            match lost.map_err(|why| format!("datagram {number} is lost: {why}"))? {
                true => {}
                // One to the caller asks for a cookie, one answers, and one is the last word.
                false if number > 2 => return Ok(()),
                false => return Err(format!("there was no datagram {number}")),
            }
        }
        Err(format!("more than {MANY} datagrams"))
    }
}

#[test]
fn whichever_datagram_of_a_handshake_is_lost_what_was_said_arrives() -> Told {
    let mut cases = Vec::new();
    for talk in &TALKS {
        for to in [To::Caller, To::Listener] {
            let name = format!("{}, with losses on the way to the {to:?}", talk.name);
            cases.push(Case::new(name, move || talk.hold_whatever_is_lost(to)));
        }
    }
    all_hold(&cases)
}
