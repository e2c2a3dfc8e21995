//! A server whose members hear each other, over any transport, and those who have come to it.
//!
//! Keeps the minutes: with them it is known to the byte what each member must have got.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use super::payload::same;
use super::scene::announced;
use super::table::{Case, all_hold};
use super::wire::connect_by_sctp;
use super::{In, Peer, Place, Program, Scene, Told, directory};

/// How members come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Tcp,
    Tcp6,
    /// Every other one by IPv6.
    TcpAny,
    Unix,
    Udp,
    Udp6,
    UdpAny,
    UnixMessages,
    Sctp,
    Sctp6,
}

impl By {
    pub(crate) const STREAMS: [Self; 4] = [Self::Tcp, Self::Tcp6, Self::TcpAny, Self::Unix];
    pub(crate) const MESSAGES: [Self; 4] =
        [Self::Udp, Self::Udp6, Self::UdpAny, Self::UnixMessages];
    /// For which not every kernel has what it takes.
    pub(crate) const ASSOCIATIONS: [Self; 2] = [Self::Sctp, Self::Sctp6];

    fn keeps_messages(self) -> bool {
        Self::MESSAGES.contains(&self)
    }

    fn is_unix(self) -> bool {
        matches!(self, Self::Unix | Self::UnixMessages)
    }

    fn is_sctp(self) -> bool {
        Self::ASSOCIATIONS.contains(&self)
    }

    /// Where to listen, in words.
    fn words(self, dir: &Path) -> Vec<String> {
        let at = match self {
            Self::Tcp | Self::Udp | Self::Sctp => vec!["127.0.0.1".into(), "0".into()],
            Self::Tcp6 | Self::Udp6 | Self::Sctp6 => vec!["::1".into(), "0".into()],
            Self::TcpAny | Self::UdpAny => vec!["0".into()],
            Self::Unix | Self::UnixMessages => {
                vec!["-U".into(), dir.join("server").display().to_string()]
            }
        };
        let datagrams = self.keeps_messages().then(|| "-u".into());
        let sctp = self.is_sctp().then(|| "--sctp".into());
        datagrams.into_iter().chain(sctp).chain(at).collect()
    }

    /// How many sockets the server listens on.
    fn doors(self) -> usize {
        match self {
            Self::TcpAny | Self::UdpAny => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by {self:?}")
    }
}

/// Plays the same scene whichever of these ways members come.
pub(crate) fn whichever(ways: &[By], play: impl Fn(By) -> Told + Send + Sync) -> Told {
    let play = &play;
    let case = |&by: &By| Case::new(by.to_string(), move || play(by));
    all_hold(&ways.iter().map(case).collect::<Vec<_>>())
}

/// The server, its members, and what was said.
#[derive(Debug)]
pub(crate) struct Meeting {
    /// Its peers are the members, in the order in which they came.
    pub(crate) scene: Scene,
    by: By,
    doors: Vec<String>,
    dir: TempDir,
    /// Who said what, or rather what the others must have got of it; `None` is not a member.
    minutes: Vec<(Option<usize>, Vec<u8>)>,
    /// From which line of the minutes on a member was there.
    since: Vec<usize>,
}

impl Meeting {
    /// Begins with these options and so many members; stdin is a pipe.
    pub(crate) fn of(by: By, options: &[&str], count: usize) -> Told<Self> {
        let mut meeting = Self::dressed(by, options, |program| program.stdin(In::Pipe))?;
        for _ in 0..count {
            meeting.come()?;
        }
        Ok(meeting)
    }

    pub(crate) fn dressed(
        by: By,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Self> {
        let dir = directory()?;
        let options = ["-v"].iter().chain(options).map(|&word| word.to_owned());
        let words = options.chain(by.words(dir.path()));
        let mut scene = Scene::of(dress(Program::ncat(words)))?;
        let doors = announced(&mut scene, by.doors())?;
        Ok(Self {
            scene,
            by,
            doors,
            dir,
            minutes: Vec::new(),
            since: Vec::new(),
        })
    }

    /// Where the server says it listens.
    pub(crate) fn doors(&self) -> &[String] {
        &self.doors
    }

    /// Somebody comes to the door. Who sends datagrams does so with an empty one.
    pub(crate) fn knock(&mut self) -> Told {
        let nth = self.scene.peers.len();
        let door = &self.doors[nth % self.doors.len()];
        let peer = match (self.by.keeps_messages(), self.by.is_unix()) {
            (true, _) => self.send_first(nth, door)?,
            (false, true) => Place::Unix(door.into()).connect()?,
            (false, false) if self.by.is_sctp() => connect_by_sctp(reachable(door)?)?,
            (false, false) => Place::Tcp(reachable(door)?).connect()?,
        };
        self.scene.peers.push(peer);
        self.since.push(self.minutes.len());
        Ok(())
    }

    fn send_first(&self, nth: usize, door: &str) -> Told<Peer> {
        let connect = |to: SockAddr| {
            let socket = Socket::new(to.domain(), Type::DGRAM, None)?;
            if to.domain() == Domain::UNIX {
                let name = self.dir.path().join(format!("member{nth}"));
                socket.bind(&SockAddr::unix(name)?)?;
            }
            socket.connect(&to)?;
            socket.send(b"")?;
            Ok::<_, std::io::Error>(socket)
        };
        let to = match self.by.is_unix() {
            true => SockAddr::unix(door).map_err(|e| e.to_string())?,
            false => reachable(door)?.into(),
        };
        Peer::of(connect(to).map_err(|e| format!("cannot send to {door}: {e}"))?)
    }

    /// Somebody comes to the door, hears nothing and is turned away.
    pub(crate) fn knock_in_vain(&mut self) -> Told {
        self.knock()?;
        self.scene
            .until("it is turned away", |s| s.peer().rx.ended())?;
        same("who was turned away", &self.scene.peer().rx.got, b"")
    }

    /// One more member, whom the server knows when this returns.
    pub(crate) fn come(&mut self) -> Told {
        let before = self.known();
        self.knock()?;
        self.scene.until("the new member is known", |s| {
            known_to(&s.program.stderr.text()) > before
        })
    }

    fn known(&self) -> usize {
        known_to(&self.scene.program.stderr.text())
    }

    /// What the server calls a member.
    pub(crate) fn name(&self, member: usize) -> String {
        match self.scene.peers[member].local() {
            Some(address) => address.to_string(),
            None if self.by == By::UnixMessages => {
                let name = self.dir.path().join(format!("member{member}"));
                name.display().to_string()
            }
            None => "(unnamed socket)".into(),
        }
    }

    /// A member, or with `None` stdin, says something, and it lies at the door.
    pub(crate) fn murmur(&mut self, who: Option<usize>, words: &[u8]) {
        match who {
            Some(member) => self.scene.peers[member].tx.push(words),
            None => self.scene.program.stdin.push(words),
        }
    }

    /// Somebody says something, and all others get it as it is.
    pub(crate) fn say(&mut self, who: Option<usize>, words: &[u8]) -> Told {
        self.say_as(who, words, words)
    }

    /// Somebody says something, and all others get it in these words.
    pub(crate) fn say_as(&mut self, who: Option<usize>, words: &[u8], heard: &[u8]) -> Told {
        self.murmur(who, words);
        self.minute(who, heard);
        self.all_is_heard()
    }

    /// From now on all others must have got this.
    pub(crate) fn minute(&mut self, who: Option<usize>, heard: &[u8]) {
        self.minutes.push((who, heard.to_vec()));
    }

    /// What that member must have got.
    pub(crate) fn due(&self, member: usize) -> Vec<u8> {
        let since = &self.minutes[self.since[member]..];
        let heard = since.iter().filter(|(who, _)| *who != Some(member));
        heard.flat_map(|(_, words)| words).copied().collect()
    }

    /// Waits until everybody who is still there and listens has got all of it, and sees that nobody
    /// got anything else, nor stdout anything at all.
    pub(crate) fn all_is_heard(&mut self) -> Told {
        let here: Vec<(usize, Vec<u8>)> = (0..self.scene.peers.len())
            .filter(|&nth| {
                let rx = &self.scene.peers[nth].rx;
                !rx.ended() && !rx.paused
            })
            .map(|nth| (nth, self.due(nth)))
            .collect();
        self.scene.until("everybody heard everything", |s| {
            here.iter().all(|(nth, due)| {
                let rx = &s.peers[*nth].rx;
                rx.got.len() >= due.len() || rx.ended()
            })
        })?;
        for (nth, due) in &here {
            same(
                &format!("member {nth}"),
                &self.scene.peers[*nth].rx.got,
                due,
            )?;
        }
        same("stdout", &self.scene.program.stdout.got, b"")
    }

    /// A member has said all it has to say, and the server lets it go.
    pub(crate) fn go(&mut self, member: usize) -> Told {
        // Who has ended an association itself does not see its end; the server tells of it.
        let closed = |s: &Scene| s.program.stderr.text().matches(" closed: ").count();
        let before = closed(&self.scene);
        self.scene.peers[member].tx.finish();
        self.scene.until("the server let the member go", |s| {
            s.peers[member].rx.ended() || closed(s) > before
        })?;
        self.scene.peers[member].rx.drop_end();
        Ok(())
    }

    /// Everybody goes at once, and another meeting begins with the same server.
    pub(crate) fn forget_all(&mut self) {
        self.scene.peers.clear();
        self.minutes.clear();
        self.since.clear();
    }

    /// Waits until the server says a line on stderr.
    pub(crate) fn told(&mut self, line: &str) -> Told {
        let wanted = format!("Ncat: {line}\n");
        self.scene.until(&format!("stderr says {line:?}"), |s| {
            s.program.stderr.text().contains(&wanted)
        })
    }
}

/// An address at which everything can be reached that listens at `door`.
fn reachable(door: &str) -> Told<SocketAddr> {
    let at: SocketAddr = door
        .parse()
        .map_err(|e| format!("{door:?} is no address: {e}"))?;
    Ok(match (at.ip().is_unspecified(), at.is_ipv6()) {
        (false, _) => at,
        (true, true) => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], at.port())),
        (true, false) => SocketAddr::from(([127, 0, 0, 1], at.port())),
    })
}

/// How many connections a server has told of.
fn known_to(stderr: &str) -> usize {
    let came =
        |line: &&str| line.starts_with("Ncat: Connection from ") && !line.contains(" closed: ");
    let whole = stderr
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole.filter(came).count()
}
