//! What our binary does while nothing happens: it must not run at all.

use std::{
    io,
    net::{TcpListener, TcpStream},
    process::Stdio,
    thread,
    time::Duration,
};

use tempfile::{TempDir, tempdir};

use super::{
    contestant::Contestant,
    kept::Kept,
    place::{Place, Wire},
    procfs,
    summary::{Bound, Summary},
};

/// For `--rows`.
pub(crate) const NAME: &str = "idle";

/// How long nothing happens. Longer than any timer that a sleeping program might be tempted by.
const WATCH: Duration = Duration::from_secs(3);

struct Scene {
    title: &'static str,
    flags: &'static [&'static str],
    wire: Wire,
    company: Company,
}

/// Who is connected, and silent.
enum Company {
    /// It listens, and so many clients came.
    Clients(usize),
    /// It connected to us.
    Server,
}

const SCENES: [Scene; 6] = [
    Scene {
        title: "connected",
        flags: &[],
        wire: Wire::Tcp,
        company: Company::Server,
    },
    Scene {
        title: "-l",
        flags: &["-l"],
        wire: Wire::Tcp,
        company: Company::Clients(0),
    },
    Scene {
        title: "-l, one client",
        flags: &["-l"],
        wire: Wire::Tcp,
        company: Company::Clients(1),
    },
    Scene {
        title: "-l -k, three clients",
        flags: &["-l", "-k"],
        wire: Wire::Tcp,
        company: Company::Clients(3),
    },
    Scene {
        title: "-u -l",
        flags: &["-u", "-l"],
        wire: Wire::Udp,
        company: Company::Clients(0),
    },
    Scene {
        title: "-U -l",
        flags: &["-U", "-l"],
        wire: Wire::Unix,
        company: Company::Clients(0),
    },
];

/// Our binary in a scene, and whatever must stay open for the scene to last.
struct Actor {
    scene: &'static Scene,
    child: Kept,
    _listener: Option<TcpListener>,
    _peers: Vec<TcpStream>,
    _dir: TempDir,
}

/// All scenes at once, watched for the same three seconds.
pub(crate) fn table(summary: &mut Summary) -> io::Result<()> {
    let actors = SCENES
        .iter()
        .map(Actor::enter)
        .collect::<io::Result<Vec<_>>>()?;
    for actor in &actors {
        procfs::await_rest(actor.child.id())?;
    }
    let activity = |actor: &Actor| procfs::activity(actor.child.id());
    let before = actors
        .iter()
        .map(activity)
        .collect::<io::Result<Vec<_>>>()?;
    thread::sleep(WATCH);
    let after = actors
        .iter()
        .map(activity)
        .collect::<io::Result<Vec<_>>>()?;

    println!("### {} s of silence (`{NAME}`)\n", WATCH.as_secs());
    println!("| mode | CPU ticks | context switches |\n|---|--:|--:|");
    let (mut ticks, mut switches) = (0, 0);
    for ((actor, before), after) in actors.iter().zip(before).zip(after) {
        let ran = (after.ticks - before.ticks, after.switches - before.switches);
        println!("| {} | {} | {} |", actor.scene.title, ran.0, ran.1);
        (ticks, switches) = (ticks + ran.0, switches + ran.1);
    }
    println!();
    for (title, sum) in [
        ("silence, CPU ticks", ticks),
        ("silence, context switches", switches),
    ] {
        summary.other(
            title,
            Bound {
                figure: Some(sum as f64),
                limit: 0.0,
            },
            0,
        );
    }
    Ok(())
}

impl Actor {
    fn enter(scene: &'static Scene) -> io::Result<Actor> {
        let dir = tempdir()?;
        let place = Place::fresh(scene.wire, dir.path())?;
        let mut command = Contestant::Ours.program()?;
        // A stdin that stays open and silent, as a terminal's does.
        command
            .args(scene.flags)
            .args(place.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let (mut listener, mut peers) = (None, Vec::new());
        let child = match (&scene.company, &place) {
            (Company::Server, Place::Tcp(port)) => {
                let server = listener.insert(TcpListener::bind(("127.0.0.1", *port))?);
                let child = Kept::spawn(&mut command)?;
                peers.push(server.accept()?.0);
                child
            }
            (Company::Clients(count), place) => {
                let mut child = Kept::spawn(&mut command)?;
                place.await_listener(&mut child)?;
                if let Place::Tcp(port) = place {
                    let clients = (0..*count).map(|_| TcpStream::connect(("127.0.0.1", *port)));
                    peers = clients.collect::<io::Result<_>>()?;
                }
                child
            }
            (
                Company::Server,
                Place::Udp(_) | Place::Sctp(_) | Place::Vsock(_) | Place::Unix(_) | Place::Tls(..),
            ) => {
                return Err(io::Error::other("the scene with a server is a TCP scene"));
            }
        };
        Ok(Actor {
            scene,
            child,
            _listener: listener,
            _peers: peers,
            _dir: dir,
        })
    }
}
