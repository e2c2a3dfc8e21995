//! Who may come in: lists on the command line and in files, and lists that change.

mod common;

use std::fs;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use common::deadline::USUAL;
use common::proc_net::{self, descriptors, tcp_port_of};
use common::scene::{announced, place_of};
use common::table::{Case, all_hold};
use common::wire::socket_in;
use common::{Deadline, In, Place, Program, Scene, Told, directory, told};

const A_MOMENT: Duration = Duration::from_millis(250);
const DENIED: &str = "Ncat: New connection denied: not allowed";
const READ_AGAIN: &str = "Ncat: The lists of hosts have been read again and are in force.";

/// A directory with one list in it.
struct List {
    dir: TempDir,
}

impl List {
    fn new(text: &str) -> Told<Self> {
        let dir = directory()?;
        let list = Self { dir };
        list.write(text)?;
        Ok(list)
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("hosts")
    }

    /// In one step, so that nobody reads half of it.
    fn write(&self, text: &str) -> Told {
        let new = self.dir.path().join("new");
        told(fs::write(&new, text))?;
        told(fs::rename(&new, self.path()))
    }

    fn word(&self) -> String {
        self.path().display().to_string()
    }
}

/// A listener with these options; `FILE` among them is the list.
fn listener(options: &str, at: &str, list: &List) -> Program {
    let options = options.split_whitespace().map(|word| match word {
        "FILE" => list.word(),
        word => word.into(),
    });
    let words = ["-v", "-l"].map(String::from).into_iter().chain(options);
    let words = words.chain([at.into(), "0".into()]);
    Program::ncat(words)
}

/// Such a listener that runs, and where it is.
fn server(options: &str, at: &str, list: &List) -> Told<(Scene, Place)> {
    let program = listener(options, at, list).with_usual_signals();
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

fn said(scene: &Scene, line: &str) -> usize {
    let text = scene.program.stderr.text();
    text.lines().filter(|&said| said == line).count()
}

fn ip(text: &str) -> Told<IpAddr> {
    text.parse().map_err(|e| format!("{text}: {e}"))
}

/// Whether a peer with this address is heard, or else sent away.
fn comes_in(scene: &mut Scene, place: &Place, source: &str) -> Told<bool> {
    let (heard, denied) = (scene.program.stdout.got.len(), said(scene, DENIED));
    let mut peer = place.connect_from(ip(source)?)?;
    peer.tx.push(b"!");
    scene.peers.push(peer);
    scene.until("the peer is heard or sent away", |s| {
        s.program.stdout.got.len() > heard || said(s, DENIED) > denied
    })?;
    let came = scene.program.stdout.got.len() > heard;
    if !came {
        scene.until("the peer sees that it was sent away", |s| {
            s.peer().rx.ended()
        })?;
    }
    scene.peers.clear();
    Ok(came)
}

/// Of the peers with these addresses, those and only those come in.
fn guests_are(scene: &mut Scene, place: &Place, sources: &str, wanted: &str) -> Told {
    let mut came = Vec::new();
    for source in sources.split_whitespace() {
        if comes_in(scene, place, source)? {
            came.push(source);
        }
    }
    let found = came.join(" ");
    match found == wanted {
        true => Ok(()),
        false => Err(format!("those who came in are {found:?}, not {wanted:?}")),
    }
}

const FOUR: &str = "127.0.0.1 127.0.0.2 127.0.0.9 127.1.2.3";

/// Options, where it listens and who comes, and those of them who come in. `FILE` is a list that
/// names 127.0.0.2 and 127.0.0.9.
const WHO: &[(&str, &str, &str, &str)] = &[
    ("", "127.0.0.1", FOUR, FOUR),
    ("--allow 127.0.0.2", "127.0.0.1", FOUR, "127.0.0.2"),
    (
        "--allow 127.0.0.1,127.1.0.0/16",
        "127.0.0.1",
        FOUR,
        "127.0.0.1 127.1.2.3",
    ),
    (
        "--allow 127.0.0.1 --allow 127.0.0.2",
        "127.0.0.1",
        FOUR,
        "127.0.0.1 127.0.0.2",
    ),
    ("--allow 127.0.0.2,9", "127.0.0.1", FOUR, "127.0.0.2"),
    (
        "--allow 0x7f.2,127.0.0.011",
        "127.0.0.1",
        FOUR,
        "127.0.0.2 127.0.0.9",
    ),
    ("--allow localhost", "127.0.0.1", FOUR, "127.0.0.1"),
    (
        "--allow ::ffff:127.0.0.0/126",
        "127.0.0.1",
        FOUR,
        "127.0.0.1 127.0.0.2",
    ),
    ("--allow=", "127.0.0.1", FOUR, ""),
    ("--allow ,", "127.0.0.1", FOUR, ""),
    ("--allow ::1", "127.0.0.1", FOUR, ""),
    ("--deny=", "127.0.0.1", FOUR, FOUR),
    ("--deny ::1", "127.0.0.1", FOUR, FOUR),
    (
        "--deny 127.0.0.1-5",
        "127.0.0.1",
        FOUR,
        "127.0.0.9 127.1.2.3",
    ),
    (
        "--deny 127.*.*.-2",
        "127.0.0.1",
        FOUR,
        "127.0.0.9 127.1.2.3",
    ),
    ("--deny ::/0", "127.0.0.1", FOUR, ""),
    ("--deny 0.0.0.0/0", "127.0.0.1", FOUR, ""),
    ("--allowfile FILE", "127.0.0.1", FOUR, "127.0.0.2 127.0.0.9"),
    ("--denyfile FILE", "127.0.0.1", FOUR, "127.0.0.1 127.1.2.3"),
    (
        "--allow 127.0.0.1 --allowfile FILE",
        "127.0.0.1",
        FOUR,
        "127.0.0.1 127.0.0.2 127.0.0.9",
    ),
    (
        "--allow 127.0.0.0/24 --denyfile FILE",
        "127.0.0.1",
        FOUR,
        "127.0.0.1",
    ),
    (
        "--deny 127.0.0.2 --allowfile FILE",
        "127.0.0.1",
        FOUR,
        "127.0.0.9",
    ),
    ("--allowfile FILE --denyfile FILE", "127.0.0.1", FOUR, ""),
    ("--allowfile /dev/null", "127.0.0.1", FOUR, ""),
    ("--denyfile /dev/null", "127.0.0.1", FOUR, FOUR),
    ("--allow ::1", "::1", "::1", "::1"),
    ("--allow 127.0.0.1,*.*.*.*", "::1", "::1", ""),
    ("--deny ::/127", "::1", "::1", ""),
    ("--deny 0.0.0.0/0", "::1", "::1", "::1"),
    ("--broker --allow 127.0.0.2", "127.0.0.1", "127.0.0.1", ""),
];

#[test]
fn those_come_in_whom_the_lists_let_in() -> Told {
    let list = List::new("127.0.0.2,9\n\n\t10.0.0.0/8 ::1\r\n")?;
    let list = &list;
    let cases: Vec<_> = WHO
        .iter()
        .map(|&(options, at, sources, wanted)| {
            Case::new(format!("{options} at {at}"), move || {
                let (mut scene, place) = server(&format!("-k {options}"), at, list)?;
                guests_are(&mut scene, &place, sources, wanted)
            })
        })
        .collect();
    all_hold(&cases)
}

#[test]
fn a_peer_that_is_kept_out_is_not_the_only_one() -> Told {
    let list = List::new("")?;
    let (mut scene, place) = server("--allow 127.0.0.2", "127.0.0.1", &list)?;
    for _ in 0..3 {
        guests_are(&mut scene, &place, "127.0.0.1 127.0.0.3", "")?;
    }
    scene.peers.push(place.connect_from(ip("127.0.0.2")?)?);
    scene.peer().tx.push(b"hello\n");
    scene.program.stdin.push(b"world\n");
    scene.until("both have spoken", |s| {
        s.program.stdout.got == b"hello\n" && s.peer().rx.got == b"world\n"
    })?;
    scene.peer().tx.finish();
    scene.program.stdin.finish();
    scene.ends_with(0)?;
    Ok(())
}

#[test]
fn a_peer_that_is_kept_out_is_told_of_after_it_came() -> Told {
    let list = List::new("")?;
    let (mut scene, place) = server("--deny 127.0.0.3", "127.0.0.1", &list)?;
    guests_are(&mut scene, &place, "127.0.0.3", "")?;
    let text = scene.program.stderr.text();
    let lines: Vec<_> = text.lines().collect();
    match lines[..] {
        [.., came, DENIED] if came.starts_with("Ncat: Connection from 127.0.0.3:") => Ok(()),
        _ => Err(format!("what is said of it: {lines:?}")),
    }
}

#[test]
fn peers_without_an_address_are_on_no_list() -> Told {
    for (option, welcome) in [("--allow=::/0,0.0.0.0/0", false), ("--deny=::/0", true)] {
        let list = List::new("")?;
        let place = socket_in(list.dir.path());
        let words = ["-v", "-l", option].map(String::from).into_iter();
        let program = Program::ncat(words.chain(place.words())).stdin(In::Pipe);
        let mut scene = Scene::of(program)?;
        announced(&mut scene, 1)?;
        scene.enter(&place)?;
        scene.peer().tx.push(b"hello\n");
        scene.until("the peer is heard or sent away", |s| {
            s.program.stdout.got == b"hello\n" || said(s, DENIED) == 1
        })?;
        let came = scene.program.stdout.got == b"hello\n";
        if came != welcome {
            return Err(format!("{option} and a Unix peer came in: {came}"));
        }
        if !welcome {
            scene.until("it sees that", |s| s.peer().rx.ended())?;
            scene.holds(A_MOMENT, "the listener is there", |s| {
                s.program.status.is_none()
            })?;
        }
    }
    Ok(())
}

#[test]
fn senders_over_the_limit_are_told_of_once() -> Told {
    const FULL: &str = "Ncat: New connection denied: connection limit reached (0)";
    let list = List::new("")?;
    let (mut scene, place) = server("-k -u -m 0", "127.0.0.1", &list)?;
    let Place::Tcp(at) = place else {
        return Err(format!("no port: {place}"));
    };
    for round in 1..=3 {
        for source in ["127.0.0.1", "127.0.0.2"] {
            let socket = told(UdpSocket::bind((source, 0)))?;
            for _ in 0..10 {
                told(socket.send_to(b"full\n", at))?;
            }
        }
        scene.until("both were told of", |s| said(s, FULL) >= 2 * round)?;
    }
    match said(&scene, FULL) {
        6 => Ok(()),
        n => Err(format!("six senders were told of {n} times")),
    }
}

#[test]
fn senders_on_the_list_are_not_heard_and_told_of_once() -> Told {
    for keep in ["", "-k"] {
        let list = List::new("")?;
        let options = format!("{keep} -u --deny 127.0.0.1");
        let (mut scene, place) = server(&options, "127.0.0.1", &list)?;
        let Place::Tcp(at) = place else {
            return Err(format!("no port: {place}"));
        };
        let socket = |source: &str| told(UdpSocket::bind((source, 0)));
        let (bad, good) = (socket("127.0.0.1")?, socket("127.0.0.2")?);
        for _ in 0..100 {
            told(bad.send_to(b"bad\n", at))?;
        }
        scene.until("it was told of", |s| said(s, DENIED) == 1)?;
        told(good.send_to(b"good\n", at))?;
        scene.until("the other is heard", |s| s.program.stdout.got == b"good\n")?;
        told(good.set_read_timeout(Some(USUAL)))?;
        scene.program.stdin.push(b"answer\n");
        scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
        let mut room = [0; 100];
        let (size, _) = told(good.recv_from(&mut room))?;
        if &room[..size] != b"answer\n" || said(&scene, DENIED) != 1 {
            return Err(format!("it answered {size} bytes; {}", scene.state()));
        }
    }
    Ok(())
}

/// Has the lists read again, and waits until it was.
fn reload(scene: &mut Scene, wanted: &str) -> Told {
    let before = said(scene, wanted);
    scene.program.signal(Signal::HUP)?;
    scene.until("the lists have been read again", |s| {
        said(s, wanted) > before
    })
}

#[test]
fn a_hangup_has_the_lists_read_again_and_drops_nobody() -> Told {
    let list = List::new("127.0.0.1")?;
    let options = "-k --allowfile FILE --allow 127.1.2.3";
    let (mut scene, place) = server(options, "127.0.0.1", &list)?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.1 127.1.2.3")?;

    let mut guest = place.connect_from(ip("127.0.0.1")?)?;
    guest.tx.push(b"I am in");
    scene.peers.push(guest);
    scene.until("it is heard", |s| {
        s.program.stdout.got.ends_with(b"I am in")
    })?;
    let guest = scene.peers.remove(0);

    list.write("127.0.0.2\n")?;
    reload(&mut scene, READ_AGAIN)?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.2 127.1.2.3")?;
    let old = format!(
        "Ncat: error in hosts file {}. The old lists stay in force.",
        list.word()
    );
    list.write("127.0.0.1 127.0.0.1/33")?;
    reload(&mut scene, &old)?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.2 127.1.2.3")?;
    told(fs::remove_file(list.path()))?;
    let why = "No such file or directory. The old lists stay in force.";
    reload(
        &mut scene,
        &format!("Ncat: can't open {}: {why}", list.word()),
    )?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.2 127.1.2.3")?;
    list.write("")?;
    reload(&mut scene, READ_AGAIN)?;
    guests_are(&mut scene, &place, FOUR, "127.1.2.3")?;

    scene.peers.push(guest);
    scene.peer().tx.push(b" and stay");
    scene.program.stdin.push(b"good");
    scene.until("it is heard and hears", |s| {
        s.program.stdout.got.ends_with(b" and stay") && s.peer().rx.got == b"good"
    })?;
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(143)?;
    Ok(())
}

#[test]
fn a_list_that_changes_while_it_is_read_is_read_once_more() -> Told {
    let list = List::new("127.0.0.1")?;
    let (mut scene, place) = server("-k --denyfile FILE", "127.0.0.1", &list)?;
    for k in 0..20 {
        list.write(&format!("127.0.0.1 127.0.0.2 10.0.0.{k}"))?;
        scene.program.signal(Signal::HUP)?;
    }
    list.write("127.0.0.2")?;
    scene.program.signal(Signal::HUP)?;
    let deadline = Deadline::usual();
    while !comes_in(&mut scene, &place, "127.0.0.1")? {
        if deadline.passed() {
            return Err("the last of many hangups was not heard".into());
        }
    }
    guests_are(&mut scene, &place, FOUR, "127.0.0.1 127.0.0.9 127.1.2.3")
}

#[test]
fn a_hangup_ends_a_listener_that_has_nothing_to_read_again() -> Told {
    let list = List::new("")?;
    let (mut scene, _) = server("-k --allow 127.0.0.1", "127.0.0.1", &list)?;
    scene.program.signal(Signal::HUP)?;
    scene.ends_with(129)?;
    Ok(())
}

#[test]
fn a_server_under_nohup_reads_its_lists_again() -> Told {
    let list = List::new("127.0.0.2")?;
    let program = listener("-k --denyfile FILE", "127.0.0.1", &list);
    let mut scene = Scene::of(program.without_hangups())?;
    let place = place_of(&mut scene)?;
    list.write("127.0.0.1")?;
    reload(&mut scene, READ_AGAIN)?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.2 127.0.0.9 127.1.2.3")
}

#[test]
fn a_pipe_is_a_list_once_and_does_not_open_the_door_later() -> Told {
    let list = List::new("")?;
    let (read, write) = common::program::pipe()?;
    told(rustix::io::write(&write, b"127.0.0.1\n").map_err(Into::into))?;
    drop(write);
    let program = listener("-k --denyfile /dev/stdin", "127.0.0.1", &list);
    let program = program.with_usual_signals().stdin(In::Given(read));
    let mut scene = Scene::of(program)?;
    let place = place_of(&mut scene)?;
    let why = "It is no file that can be read again. The old lists stay in force.";
    reload(&mut scene, &format!("Ncat: can't open /dev/stdin: {why}"))?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.2 127.0.0.9 127.1.2.3")
}

#[test]
fn ten_thousand_lines_are_a_list_like_any_other() -> Told {
    let lines: String = (0..10_000)
        .map(|k| format!("10.{}.{}.0/24\n", k / 256, k % 256))
        .collect();
    let list = List::new(&(lines + "127.0.0.2\n"))?;
    let (mut scene, place) = server("-k --denyfile FILE", "127.0.0.1", &list)?;
    guests_are(&mut scene, &place, FOUR, "127.0.0.1 127.0.0.9 127.1.2.3")
}

/// Connects, and waits until it is sent away.
fn knock(source: &str, at: SocketAddr) -> Told {
    let socket = told(Socket::new(Domain::for_address(at), Type::STREAM, None))?;
    told(socket.bind(&SocketAddr::from((ip(source)?, 0)).into()))?;
    told(socket.connect_timeout(&at.into(), USUAL))?;
    told(socket.set_read_timeout(Some(USUAL)))?;
    match TcpStream::from(socket).read(&mut [0; 1]) {
        Ok(0) => Ok(()),
        answer => Err(format!("a peer that is kept out got {answer:?}")),
    }
}

#[test]
fn ten_thousand_who_are_kept_out_leave_nothing_behind() -> Told {
    const ROUNDS: usize = 20;
    const KNOCKS: usize = 500;
    let words = ["-l", "-k", "--allow", "127.0.0.1", "127.0.0.1", "0"];
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    let port = tcp_port_of(&mut scene.program, Deadline::usual())?;
    let place = Place::local(port);
    scene.enter(&place)?;
    scene.peer().tx.push(b"*");
    scene.until("a guest is heard", |s| s.program.stdout.got == b"*")?;
    let before = descriptors(scene.program.id());
    for round in 1..=ROUNDS {
        for _ in 0..KNOCKS {
            knock("127.0.0.2", SocketAddr::from(([127, 0, 0, 1], port)))?;
        }
        scene.peer().tx.push(b"*");
        scene.until("the guest is still heard", |s| {
            s.program.stdout.got.len() == 1 + round
        })?;
    }
    scene.program.repeat_until(
        Deadline::usual(),
        "it has as many descriptors as before",
        |id| (proc_net::descriptors(id) == before).then_some(()),
    )
}
