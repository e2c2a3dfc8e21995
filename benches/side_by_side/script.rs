//! Connecting to a script of one line until its answer has ended: what `--lua-exec` costs a peer.

use std::{
    fs,
    io::{self, Read},
    net::{Ipv4Addr, TcpStream},
    process::Stdio,
    time::{Duration, Instant},
};

use super::{
    contestant::{Contestant, is_on_path},
    figures::{median, ratio, show},
    kept::Kept,
    place::{Place, Wire},
    summary::{Bound, Summary},
};

/// For `--rows`.
pub(crate) const NAME: &str = "lua";

/// The most ours may take, as a multiple of a shell that starts the system's Lua.
const LIMIT: f64 = 1.5;

/// The most ours may take, in milliseconds.
const MOST: f64 = 5.0;

const PEERS: usize = 200;

/// Longer than any answer takes on any machine.
const PATIENCE: Duration = Duration::from_secs(10);

const LUA: &str = "lua5.4";
const ANSWER: &[u8] = b"hello\n";

/// How a script of the same text is run for a peer.
#[derive(Clone, Copy)]
enum Way {
    Ours,
    /// Ours starts a shell, and that the system's interpreter.
    Shell,
    Ncat,
}

const WAYS: [Way; 3] = [Way::Ours, Way::Shell, Way::Ncat];

struct Server {
    port: u16,
    _kept: Kept,
}

/// Measures, prints, and notes ours against its limits.
pub(crate) fn table(summary: &mut Summary) -> io::Result<()> {
    let dir = tempfile::tempdir()?;
    let script = dir.path().join("hello.lua");
    fs::write(&script, "io.write('hello\\n')")?;
    let script = script.display().to_string();
    let mut servers = Vec::new();
    for way in WAYS {
        let server = way.is_here().then(|| way.serve(&script)).transpose()?;
        servers.push((way, server, Vec::new()));
    }
    for _ in 0..PEERS {
        for (_, server, spent) in &mut servers {
            if let Some(server) = server {
                spent.push(server.answer()?);
            }
        }
    }
    let medians: Vec<_> = servers
        .into_iter()
        .map(|(way, _, spent)| (way, median(spent)))
        .collect();
    let shell = medians[1].1;
    println!("### Connecting to a script of one line until its answer has ended (`{NAME}`)\n");
    println!("| contestant | median of {PEERS}, ms | ratio to {LUA} |\n|---|--:|--:|");
    for (way, median) in &medians {
        let millis = median.map(|seconds| seconds * 1e3);
        let compared = show(ratio(*median, shell), 2);
        println!("| {} | {} | {compared} |", way.name(), show(millis, 3));
    }
    println!();
    let ours = medians[0].1;
    let compared = Bound {
        figure: ratio(ours, shell),
        limit: LIMIT,
    };
    let alone = Bound {
        figure: ours.map(|seconds| seconds * 1e3),
        limit: MOST,
    };
    summary.other(format!("a script's answer, time ÷ {LUA}"), compared, 2);
    summary.other("a script's answer, ms", alone, 2);
    Ok(())
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Ours => "ours, `--lua-exec`",
            Way::Shell => "ours, `--sh-exec lua5.4`",
            Way::Ncat => "ncat, `--lua-exec`",
        }
    }

    fn is_here(self) -> bool {
        match self {
            Way::Ours => true,
            Way::Shell => is_on_path(LUA),
            Way::Ncat => Contestant::Ncat.is_installed(),
        }
    }

    fn serve(self, script: &str) -> io::Result<Server> {
        let place = Place::fresh(Wire::Tcp, std::path::Path::new(""))?;
        let Place::Tcp(port) = place else {
            return Err(io::Error::other("that is no port"));
        };
        let mut command = match self {
            Way::Ours | Way::Shell => Contestant::Ours.program()?,
            Way::Ncat => Contestant::Ncat.program()?,
        };
        match self {
            Way::Ours | Way::Ncat => command.args(["--lua-exec", script]),
            Way::Shell => command.args(["--sh-exec", &format!("{LUA} {script}")]),
        };
        command.args(["-l", "-k"]).args(place.words());
        let mut kept = Kept::spawn(command.stdin(Stdio::null()))?;
        place.await_listener(&mut kept)?;
        Ok(Server { port, _kept: kept })
    }
}

impl Server {
    /// Seconds from the first packet to the end of the answer.
    fn answer(&self) -> io::Result<f64> {
        let began = Instant::now();
        let mut peer = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        peer.set_read_timeout(Some(PATIENCE))?;
        let mut got = Vec::new();
        peer.read_to_end(&mut got)?;
        let spent = began.elapsed().as_secs_f64();
        match got == ANSWER {
            true => Ok(spent),
            false => Err(io::Error::other(format!("the answer is {got:?}"))),
        }
    }
}
