//! The proxy, clients that say exactly what the test says, and targets.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::Signal;
use socket2::{SockRef, Socket};

use crate::common::deadline::USUAL;
use crate::common::payload::same;
use crate::common::scene::{Outcome, announced};
use crate::common::wire::Room;
use crate::common::{Carrier, Deadline, Door, Peer, Place, Program, Scene, Told, told};
use crate::words::Socks;

/// A proxy that was started with `-v`.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) scene: Scene,
    pub(crate) at: SocketAddr,
    /// What it had open before anybody came.
    open: Open,
}

impl Proxy {
    /// At 127.0.0.1.
    pub(crate) fn open(socks: Socks, options: &[&str]) -> Told<Self> {
        Self::dressed(socks, &[options, &["127.0.0.1", "0"]].concat(), |p| p)
    }

    pub(crate) fn carrying(socks: Socks, options: &[&str], carrier: Carrier) -> Told<Self> {
        let words = [options, &["127.0.0.1", "0"]].concat();
        Self::dressed(socks, &words, |program| program.carrier(carrier))
    }

    /// With all the words there are, and with what `dress` gives it.
    pub(crate) fn dressed(
        socks: Socks,
        words: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Self> {
        let first = ["-l", "-v", "--proxy-type", socks.name()];
        let program = Program::ncat(first.iter().chain(words)).with_usual_signals();
        let mut scene = Scene::of(dress(program))?;
        let at = announced(&mut scene, 1)?.remove(0);
        let at = at.parse().map_err(|e| format!("{at} is no address: {e}"))?;
        // It opens the last of what it needs after it has said where it listens.
        scene.until_quiet(Duration::from_millis(50))?;
        let open = open_by(scene.program.id());
        Ok(Self { scene, at, open })
    }

    pub(crate) fn id(&self) -> u32 {
        self.scene.program.id()
    }

    pub(crate) fn client(&self) -> Told<Client> {
        Client::to(self.at)
    }

    /// A client that says this to begin with.
    pub(crate) fn client_says(&self, words: &[u8]) -> Told<Client> {
        let mut client = self.client()?;
        client.says(words)?;
        Ok(client)
    }

    /// A client that has been brought to `door`, and who has come in there.
    pub(crate) fn tunnel(&self, socks: Socks, door: &Door) -> Told<(Client, Client)> {
        let mut near = self.client_says(&socks.ask(at(door)))?;
        let far = admit(door)?;
        near.hears(&socks.reached(far.remote()?))?;
        Ok((near, far))
    }

    /// Waits until stderr has a line with this in it.
    pub(crate) fn said(&mut self, words: &str) -> Told {
        self.scene.until(&format!("stderr says {words:?}"), |s| {
            s.program
                .stderr
                .text()
                .lines()
                .any(|line| line.contains(words))
        })
    }

    /// Takes what it has said by now, so that it never waits for us.
    pub(crate) fn takes_words(&mut self) -> Told {
        let now = Deadline::after(Duration::ZERO);
        self.scene.turn(now).map(drop)
    }

    /// Waits until it has done all it can do by now. It was woken by what was sent to it before.
    pub(crate) fn sleeps(&mut self) -> Told {
        let program = &mut self.scene.program;
        program.repeat_until(Deadline::usual(), "it sleeps", |id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            stat.rsplit(") ").next()?.starts_with('S').then_some(())
        })
    }

    /// Waits until nothing is left of all that came.
    pub(crate) fn is_as_before(&mut self) -> Told {
        let wanted = self.open;
        let fits =
            |open: Open| open.sockets == wanted.sockets && open.others <= wanted.others + KEPT;
        let what = "no descriptor is left behind";
        let result = self
            .scene
            .program
            .repeat_until(Deadline::usual(), what, |id| {
                fits(open_by(id)).then_some(())
            });
        result.map_err(|why| format!("{why}; {:?} instead of {wanted:?}", open_by(self.id())))
    }

    /// Ends it as its user would.
    pub(crate) fn ends(mut self) -> Told<Outcome> {
        self.scene.program.signal(Signal::TERM)?;
        self.scene.ends_with(128 + 15)
    }
}

/// The eight pipes that are kept for whoever needs one next.
const KEPT: usize = 16;

/// Descriptors of a process.
#[derive(Clone, Copy, Debug)]
struct Open {
    sockets: usize,
    others: usize,
}

fn open_by(id: u32) -> Open {
    let entries = fs::read_dir(format!("/proc/{id}/fd"));
    let links = entries.into_iter().flatten().flatten();
    let links = links.filter_map(|entry| fs::read_link(entry.path()).ok());
    let is_socket = |link: &std::path::PathBuf| link.to_string_lossy().starts_with("socket:");
    let (sockets, others): (Vec<_>, Vec<_>) = links.partition(is_socket);
    Open {
        sockets: sockets.len(),
        others: others.len(),
    }
}

/// A connection whose other end does what it is told to; every wait has its limit.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) fn to(place: SocketAddr) -> Told<Self> {
        Self::of(told(TcpStream::connect_timeout(&place, USUAL))?)
    }

    pub(crate) fn of(stream: TcpStream) -> Told<Self> {
        told(stream.set_nodelay(true))?;
        told(stream.set_read_timeout(Some(USUAL)))?;
        told(stream.set_write_timeout(Some(USUAL)))?;
        Ok(Self(stream))
    }

    pub(crate) fn says(&mut self, words: &[u8]) -> Told {
        let said = self.0.write_all(words);
        said.map_err(|e| format!("{} bytes cannot be sent: {e}", words.len()))
    }

    /// Hears exactly this next.
    pub(crate) fn hears(&mut self, wanted: &[u8]) -> Told {
        let mut heard = Vec::new();
        let result = (&self.0).take(wanted.len() as u64).read_to_end(&mut heard);
        if let Err(error) = result {
            return Err(format!(
                "waited for {wanted:?} and heard {heard:?}: {error}"
            ));
        }
        match heard == wanted {
            true => Ok(()),
            false => Err(format!("heard {heard:?} instead of {wanted:?}")),
        }
    }

    /// The next so many bytes.
    pub(crate) fn hear(&mut self, count: usize) -> Told<Vec<u8>> {
        let mut heard = vec![0; count];
        let read = self.0.read_exact(&mut heard);
        read.map_err(|e| format!("{count} bytes do not come: {e}"))?;
        Ok(heard)
    }

    /// Hears exactly this, and nothing ever after.
    pub(crate) fn hears_last(&mut self, wanted: &[u8]) -> Told {
        let mut heard = Vec::new();
        let end = self.0.read_to_end(&mut heard);
        same("what came to the end", &heard, wanted)?;
        match end {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("no end comes: {error}")),
        }
    }

    /// The connection is over, be it broken or ended.
    pub(crate) fn is_let_go(&mut self) -> Told {
        let mut heard = Vec::new();
        match self.0.read_to_end(&mut heard) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => return Err(format!("no end comes: {error}")),
        }
        same("what came to the end", &heard, b"")
    }

    /// Says its last.
    pub(crate) fn finish(&mut self) -> Told {
        told(self.0.shutdown(Shutdown::Write))
    }

    /// Goes in disorder.
    pub(crate) fn reset(self) -> Told {
        told(SockRef::from(&self.0).set_linger(Some(Duration::ZERO)))
    }

    pub(crate) fn local(&self) -> Told<SocketAddr> {
        told(self.0.local_addr())
    }

    pub(crate) fn remote(&self) -> Told<SocketAddr> {
        told(self.0.peer_addr())
    }

    /// Bytes pass both ways.
    pub(crate) fn talks_with(&mut self, other: &mut Self) -> Told {
        self.says(b"ping")?;
        other.hears(b"ping")?;
        other.says(b"pong")?;
        self.hears(b"pong")
    }

    /// The same connection for a scene.
    pub(crate) fn into_peer(self) -> Told<Peer> {
        Peer::of(Socket::from(self.0))
    }
}

/// Somewhere to be brought to.
pub(crate) fn target() -> Told<Door> {
    Place::any_port().open()
}

/// Where that is.
pub(crate) fn at(door: &Door) -> SocketAddr {
    match door.place {
        Place::Tcp(at) => at,
        Place::Unix(_) => panic!("targets are met over TCP"),
    }
}

/// Whoever comes in there next.
pub(crate) fn admit(door: &Door) -> Told<Client> {
    let fd = door.accept(Deadline::usual())?.into_fd()?;
    Client::of(TcpStream::from(fd))
}

/// A place where nobody listens, for as long as what comes with it is kept.
pub(crate) fn nobody() -> Told<(SocketAddr, Socket)> {
    let socket = told(Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::STREAM,
        None,
    ))?;
    told(socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()))?;
    let at = told(socket.local_addr())?.as_socket();
    Ok((at.ok_or("that is no address")?, socket))
}

/// A place that never answers, for as long as it is kept.
pub(crate) struct Silence {
    pub(crate) at: SocketAddr,
    _door: Door,
    _first: Client,
}

impl Silence {
    pub(crate) fn open() -> Told<Self> {
        // A backlog of 0 has room for one.
        let door = Place::any_port().open_with(&Room::Usual, 0)?;
        let at = at(&door);
        Ok(Self {
            at,
            _first: Client::to(at)?,
            _door: door,
        })
    }
}
