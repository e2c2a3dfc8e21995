//! Somebody between two sides ends the connection at every byte of a session: what came is delivered,
//! but only an end that the other side has said is a good one.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::common::deadline::USUAL;
use crate::common::table::{Case, all_hold, runs};
use crate::common::{In, Place, Program, Scene, Told, told};
use crate::papers::{Papers, has};
use crate::people::{listening_as, port_of, words};

/// Certificates and signatures of one length, so that every session is as long as the first.
const LINES: &str = "
    openssl req -new -x509 -newkey ed25519 -nodes -subj /CN=localhost -keyout me.key -out me.pem
    echo 'all that there is to say' >file
";

/// What is in that file.
const WHOLE: &str = "all that there is to say\n";

/// Who has the rest of what they say kept from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Caller,
    Listener,
}

/// Somebody between two sides.
#[derive(Debug)]
struct Relay {
    /// Where callers find it.
    place: Place,
    /// How much the side that is cut has said in all.
    said: JoinHandle<std::io::Result<usize>>,
}

impl Relay {
    /// Passes everything on, but of what one side says so many bytes only.
    fn to(at: SocketAddr, cut: Cut, most: usize) -> Told<Self> {
        let door = told(TcpListener::bind("127.0.0.1:0"))?;
        let place = Place::Tcp(told(door.local_addr())?);
        let said = thread::spawn(move || {
            let (caller, _) = door.accept()?;
            let listener = TcpStream::connect_timeout(&at, USUAL)?;
            let (from, to) = match cut {
                Cut::Caller => (caller, listener),
                Cut::Listener => (listener, caller),
            };
            let (back, other) = (to.try_clone()?, from.try_clone()?);
            let back = thread::spawn(move || pass(back, other, usize::MAX));
            let said = pass(from, to, most);
            let _ = back.join(); // what the other side has said is nobody's concern
            said
        });
        Ok(Self { place, said })
    }

    fn said(self) -> Told<usize> {
        let said = self.said.join();
        told(said.map_err(|_| "the one between has panicked")?)
    }
}

/// Passes bytes on until there are no more or the most have passed; then says the end, and goes on
/// taking what comes so that nobody meets a reset.
fn pass(mut from: TcpStream, mut to: TcpStream, most: usize) -> std::io::Result<usize> {
    from.set_read_timeout(Some(USUAL))?;
    let (mut said, mut piece) = (0, [0; 4096]);
    loop {
        if said >= most {
            let _ = to.shutdown(Shutdown::Write); // it may have gone
        }
        let n = match from.read(&mut piece) {
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(e) => return Err(e),
        };
        let passes = n.min(most.saturating_sub(said));
        let _ = to.write_all(&piece[..passes]); // the same
        said += n;
        if n == 0 {
            let _ = to.shutdown(Shutdown::Write);
            return Ok(said);
        }
    }
}

fn at(place: &Place) -> Told<SocketAddr> {
    match place {
        Place::Tcp(at) => Ok(*at),
        Place::Unix(_) => Err("TLS is for TCP".into()),
    }
}

/// Sees that a program ended as it should when so many of `all` bytes came.
fn is_honest(scene: &mut Scene, most: usize, all: usize) -> Told {
    let outcome = scene.outcome()?;
    let (wanted, came) = (
        i32::from(most < all),
        String::from_utf8_lossy(&outcome.stdout),
    );
    if outcome.code != wanted {
        return Err(format!(
            "status {} instead of {wanted}; {}",
            outcome.code,
            scene.state()
        ));
    }
    if wanted == 1 && !outcome.stderr.contains("Ncat: ") {
        return Err("no reason is given".into());
    }
    if !WHOLE.starts_with(&*came) || wanted == 0 && WHOLE != came {
        return Err(format!("{came:?} was delivered of {WHOLE:?}"));
    }
    Ok(())
}

/// The options of a program that speaks one version only.
fn speaking(version: &str) -> Vec<String> {
    let bounds = ["min", "max"].map(|bound| format!("--ssl-{bound}-version={version}"));
    bounds.into()
}

/// A caller of ours to which another of us says a line, of which so many bytes come.
fn caller(papers: &Papers, version: &str, most: usize) -> Told<(Scene, Relay)> {
    let dress = |program: Program| program.stdin(In::File(papers.path("file")));
    let options = [papers.ncat("me"), vec!["--send-only".into()]].concat();
    let (server, place) = listening_as(&options, dress)?;
    let relay = Relay::to(at(&place)?, Cut::Listener, most)?;
    let there = ["127.0.0.1".into(), port_of(&relay.place)];
    let program = Program::ncat(words(&[&speaking(version)[..], &there]));
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    scene.others.push(server.program);
    Ok((scene, relay))
}

/// A listener of ours to which another of us says a line, of which so many bytes come.
fn listener(papers: &Papers, version: &str, most: usize) -> Told<(Scene, Relay)> {
    let dress = |program: Program| program.stdin(In::Null);
    let (mut scene, place) = listening_as(&papers.ncat("me"), dress)?;
    let relay = Relay::to(at(&place)?, Cut::Caller, most)?;
    let there = [
        "--send-only".into(),
        "127.0.0.1".into(),
        port_of(&relay.place),
    ];
    let program = Program::ncat(words(&[&speaking(version)[..], &there]));
    scene
        .others
        .push(program.stdin(In::File(papers.path("file"))).start()?);
    Ok((scene, relay))
}

/// The last message and the goodbye are cut at every byte in every run.
const LAST: usize = 64;

/// How many of the other places are tried: all of them where scenes are to be played often.
fn stride() -> usize {
    match runs() {
        100.. => 1,
        _ => 9,
    }
}

/// Plays a scene with all of its bytes, to learn how many there are, and then with fewer.
fn is_never_taken_for_whole(
    play: impl Fn(&str, usize) -> Told<(Scene, Relay)> + Send + Sync,
) -> Told {
    let play = &play;
    for version in ["1.2", "1.3"] {
        let (mut scene, relay) = play(version, usize::MAX)?;
        is_honest(&mut scene, 0, 0)?;
        drop(scene);
        let all = relay.said()?;
        let case = |most: usize| {
            Case::new(format!("TLS {version}, {most} of {all} bytes"), move || {
                let (mut scene, _relay) = play(version, most)?;
                is_honest(&mut scene, most, all)
            })
        };
        let tried = (0..=all).filter(|most| all - most < LAST || most % stride() == 0);
        all_hold(&tried.map(case).collect::<Vec<_>>())?;
    }
    Ok(())
}

#[test]
fn what_a_listener_says_is_cut_anywhere_and_never_taken_for_whole() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(LINES)?;
    is_never_taken_for_whole(|version, most| caller(&papers, version, most))
}

#[test]
fn what_a_caller_says_is_cut_anywhere_and_never_taken_for_whole() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(LINES)?;
    is_never_taken_for_whole(|version, most| listener(&papers, version, most))
}
