//! Somebody between two sides ends the connection at every byte of a session: what came is delivered,
//! but only an end that the other side has said is a good one.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::common::deadline::USUAL;
use crate::common::proc_net::tcp_port_of;
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, In, Place, Program, Running, Scene, Told, told};
use crate::papers::{Papers, has};
use crate::people::{listening_as, port_of, speaker, words};

/// Certificates and signatures of one length, so that every session is as long as the first.
const LINES: &str = "
    openssl req -new -x509 -newkey ed25519 -nodes -subj /CN=localhost -keyout me.key -out me.pem
    echo 'all that there is to say' >file
    printf 'GET /file HTTP/1.0\\r\\n\\r\\n' >request
";

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
fn is_honest(scene: &mut Scene, most: usize, all: usize, whole: &str) -> Told {
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
    if !whole.starts_with(&*came) || wanted == 0 && whole != came {
        return Err(format!("{came:?} was delivered of {whole:?}"));
    }
    Ok(())
}

/// A server of openssl's that answers requests for files.
fn library(papers: &Papers, version: &str) -> Told<(Running, Place)> {
    let begin = [
        "-C",
        &papers.at(""),
        "openssl",
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-WWW",
    ];
    let usual = [
        "-naccept",
        "100000",
        "-num_tickets",
        "0",
        "-no_ticket",
        version,
    ];
    let program = words(&[&words(&[&begin, &usual[..]]), &papers.openssl("me")]);
    let (mut running, _) = speaker("env", &program)?;
    let port = tcp_port_of(&mut running, Deadline::usual())?;
    Ok((running, Place::local(port)))
}

/// A client of ours that asks for a file, of whose answer so many bytes come.
fn client(papers: &Papers, server: &Place, most: usize) -> Told<(Scene, Relay)> {
    let relay = Relay::to(at(server)?, Cut::Listener, most)?;
    let words = [
        "--ssl",
        "--no-shutdown",
        "127.0.0.1",
        &port_of(&relay.place),
    ];
    let program = Program::ncat(words).stdin(In::File(papers.path("request")));
    Ok((Scene::of(program)?, relay))
}

/// A listener of ours to which another of us says a line, of which so many bytes come. (A client of
/// openssl's may leave at the end of its stdin with what it has read of it.)
fn listener(papers: &Papers, version: &str, most: usize) -> Told<(Scene, Relay)> {
    let dress = |program: Program| program.stdin(In::Null);
    let (mut scene, place) = listening_as(&papers.ncat("me"), dress)?;
    let relay = Relay::to(at(&place)?, Cut::Caller, most)?;
    let bounds = ["min", "max"].map(|bound| format!("--ssl-{bound}-version={version}"));
    let there = [
        "--send-only".into(),
        "127.0.0.1".into(),
        port_of(&relay.place),
    ];
    let program = Program::ncat(words(&[&bounds[..], &there]));
    scene
        .others
        .push(program.stdin(In::File(papers.path("file"))).start()?);
    Ok((scene, relay))
}

#[test]
fn an_answer_that_is_cut_anywhere_is_never_taken_for_whole() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = &Papers::of(LINES)?;
    let whole = "HTTP/1.0 200 ok\r\nContent-type: text/plain\r\n\r\nall that there is to say\n";
    for version in ["-tls1_2", "-tls1_3"] {
        let (_openssl, server) = library(papers, version)?;
        let server = &server;
        let (mut scene, relay) = client(papers, server, usize::MAX)?;
        is_honest(&mut scene, 0, 0, whole)?;
        let all = relay.said()?;
        let case = |most: usize| {
            Case::new(format!("{version}, {most} of {all} bytes"), move || {
                let (mut scene, _relay) = client(papers, server, most)?;
                is_honest(&mut scene, most, all, whole)
            })
        };
        all_hold(&(0..=all).map(case).collect::<Vec<_>>())?;
    }
    Ok(())
}

#[test]
fn a_message_that_is_cut_anywhere_is_never_taken_for_whole() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = &Papers::of(LINES)?;
    let whole = "all that there is to say\n";
    for version in ["1.2", "1.3"] {
        let (mut scene, relay) = listener(papers, version, usize::MAX)?;
        is_honest(&mut scene, 0, 0, whole)?;
        drop(scene);
        let all = relay.said()?;
        let case = |most: usize| {
            Case::new(format!("{version}, {most} of {all} bytes"), move || {
                let (mut scene, _relay) = listener(papers, version, most)?;
                is_honest(&mut scene, most, all, whole)
            })
        };
        all_hold(&(0..=all).map(case).collect::<Vec<_>>())?;
    }
    Ok(())
}
