//! A proxy of ours, an origin behind it, and those who come to it.

use std::time::Duration;

use crate::common::payload::same;
use crate::common::scene::place_of;
use crate::common::{Deadline, Door, Ending, Place, Program, Scene, Told};

/// Long enough for whatever moves by itself to have moved.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(150);

/// How long bytes may be waited for before the origin's door is looked at again.
const TURN: Duration = Duration::from_millis(2);

pub(crate) const CONNECTED: &[u8] = b"HTTP/1.0 200 OK\r\n\r\n";

/// What an origin says that answers with `hello`.
pub(crate) const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Whether a program is installed; says so if it is not, for then its tests show nothing.
pub(crate) fn has(program: &str) -> bool {
    let shown = std::process::Command::new(program)
        .arg("--version")
        .output()
        .is_ok();
    if !shown {
        eprintln!("SKIPPED: no scene with {program}, for it is not installed");
    }
    shown
}

/// What we say instead of an origin, and what becomes of the connection: an empty line of its own, or
/// `Connection: close`.
pub(crate) fn refusal(status: &str, connection: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n{connection}\r\n").into_bytes()
}

/// A refusal behind which the connection ends.
pub(crate) fn last_words(status: &str) -> Vec<u8> {
    refusal(status, "Connection: close\r\n")
}

/// What a request hears that leads nowhere: what was to go through a tunnel may come behind it, so that one
/// is the last.
pub(crate) fn dead_end(request: &str, status: &str) -> Vec<u8> {
    match request.starts_with("CONNECT") {
        true => last_words(status),
        false => refusal(status, ""),
    }
}

/// A proxy at work.
#[derive(Debug)]
pub(crate) struct House {
    /// Its peers are clients and connections to the origin, in the order in which they came.
    pub(crate) scene: Scene,
    /// Where the proxy is.
    pub(crate) place: Place,
    /// Where the origin listens.
    pub(crate) origin: Door,
}

impl House {
    pub(crate) fn open(options: &[&str]) -> Told<Self> {
        Self::dressed(options, |program| program)
    }

    pub(crate) fn dressed(options: &[&str], dress: impl FnOnce(Program) -> Program) -> Told<Self> {
        Self::at("127.0.0.1", options, dress)
    }

    /// A proxy that listens there.
    pub(crate) fn at(
        address: &str,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Self> {
        let usual = ["-l", "-v", "--proxy-type", "http"];
        let here = [address, "0"];
        let words = usual.iter().chain(options).chain(&here);
        let mut scene = Scene::of(dress(Program::ncat(words)))?;
        let place = place_of(&mut scene)?;
        let origin = Place::any_port().open_with(&crate::common::wire::Room::Usual, 1024)?;
        Ok(Self {
            scene,
            place,
            origin,
        })
    }

    /// The port of the proxy itself.
    pub(crate) fn own_port(&self) -> u16 {
        port(&self.place)
    }

    /// The port of the origin.
    pub(crate) fn port(&self) -> u16 {
        port(&self.origin.place)
    }

    /// The words of a test, with `ORIGIN` for where the origin is, `PROXY` for our own port, and lines that
    /// end as they should on the wire.
    pub(crate) fn wire(&self, text: &str) -> Vec<u8> {
        let text = text
            .replace("ORIGIN", &format!("127.0.0.1:{}", self.port()))
            .replace("PROXY", &self.own_port().to_string());
        text.into_bytes()
    }

    /// Somebody comes to the proxy.
    pub(crate) fn client(&mut self) -> Told<usize> {
        self.scene.enter(&self.place)?;
        Ok(self.scene.peers.len() - 1)
    }

    /// Somebody comes to the proxy and asks for something.
    pub(crate) fn asks(&mut self, text: &str) -> Told<usize> {
        let client = self.client()?;
        self.says(client, text);
        Ok(client)
    }

    /// The origin is met by the proxy.
    pub(crate) fn met(&mut self) -> Told<usize> {
        let deadline = Deadline::usual();
        loop {
            if let Ok(peer) = self.origin.accept(Deadline::after(Duration::ZERO)) {
                self.scene.peers.push(peer);
                return Ok(self.scene.peers.len() - 1);
            }
            if deadline.passed() {
                let state = self.scene.state();
                return Err(format!("nobody came to the origin; {state}"));
            }
            // What clients say has to move for it.
            self.scene.turn(Deadline::after(TURN).sooner(deadline))?;
        }
    }

    /// Nobody waits at the origin's door.
    pub(crate) fn is_unmet(&self, what: &str) -> Told {
        match self.origin.accept(Deadline::after(Duration::ZERO)) {
            Ok(_) => Err(format!("{what}: the origin was met")),
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn says(&mut self, peer: usize, text: &str) {
        let wire = self.wire(text);
        self.scene.peers[peer].tx.push(&wire);
    }

    pub(crate) fn says_bytes(&mut self, peer: usize, bytes: &[u8]) {
        self.scene.peers[peer].tx.push(bytes);
    }

    /// Waits until all that is said is on its way, and that the peer says nothing more.
    pub(crate) fn finishes(&mut self, peer: usize) -> Told {
        self.scene.peers[peer].tx.finish();
        self.scene
            .until("the peer said all", |s| s.peers[peer].tx.is_done())
    }

    /// A peer has heard this and no more.
    pub(crate) fn heard(&mut self, peer: usize, wanted: &[u8]) -> Told {
        self.scene.until("a peer heard what it should", |s| {
            let rx = &s.peers[peer].rx;
            rx.got.len() >= wanted.len() || rx.ended()
        })?;
        self.as_wanted(peer, wanted)
    }

    /// The same, and the connection is over in an orderly way.
    pub(crate) fn heard_last(&mut self, peer: usize, wanted: &[u8]) -> Told {
        self.scene
            .until("a connection ended", |s| s.peers[peer].rx.ended())?;
        self.as_wanted(peer, wanted)?;
        match self.scene.peers[peer].rx.end {
            Some(Ending::Eof) => Ok(()),
            _ => Err(format!("the connection broke; {}", self.scene.state())),
        }
    }

    /// The same, and the connection is over, perhaps with a reset: something that was said was not read.
    pub(crate) fn heard_or_cut(&mut self, peer: usize, wanted: &[u8]) -> Told {
        self.scene
            .until("a connection ended", |s| s.peers[peer].rx.ended())?;
        self.as_wanted(peer, wanted)
    }

    fn as_wanted(&self, peer: usize, wanted: &[u8]) -> Told {
        let rx = &self.scene.peers[peer].rx;
        same("what a peer heard", &rx.got, wanted)
            .map_err(|e| format!("{e}; in all {:?}; {}", rx.text(), self.scene.state()))
    }

    /// A peer forgets what it has heard so far.
    pub(crate) fn forgets(&mut self, peer: usize) {
        self.scene.peers[peer].rx.got.clear();
    }

    /// A client asks on, is led to the origin, and is answered: everything works.
    pub(crate) fn serves(&mut self, client: usize) -> Told {
        self.forgets(client);
        self.says(client, "GET http://ORIGIN/works HTTP/1.1\r\n\r\n");
        let origin = self.met()?;
        let request = self.wire("GET /works HTTP/1.1\r\nHost: ORIGIN\r\nConnection: close\r\n\r\n");
        self.heard(origin, &request)?;
        self.says_bytes(origin, HELLO);
        self.heard(client, HELLO)
    }

    /// A client and the origin with a tunnel between them.
    pub(crate) fn tunnel(&mut self) -> Told<(usize, usize)> {
        let client = self.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
        let origin = self.met()?;
        self.heard(client, CONNECTED)?;
        self.forgets(client);
        Ok((client, origin))
    }

    /// Waits until stderr holds that, and gives all of it.
    pub(crate) fn tells(&mut self, words: &str) -> Told<String> {
        self.scene.until(&format!("stderr says {words:?}"), |s| {
            s.program.stderr.text().contains(words)
        })?;
        Ok(self.scene.program.stderr.text())
    }
}

pub(crate) fn port(place: &Place) -> u16 {
    match place {
        Place::Tcp(at) => at.port(),
        Place::Unix(_) => 0,
    }
}
