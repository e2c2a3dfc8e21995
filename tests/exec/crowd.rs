//! Five hundred programs at once, and nothing left of them: no process, dead or alive, no descriptor,
//! no port.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rustix::process::Signal;
use socket2::SockRef;

use crate::common::deadline::USUAL;
use crate::common::proc_net::descriptors;
use crate::common::scene::place_of;
use crate::common::{Deadline, Place, Program, Scene, Told, told};
use crate::kin::{Mark, children};
use crate::server_words;

const MANY: usize = 500;

struct Crowd {
    scene: Scene,
    place: Place,
    mark: Mark,
    peers: Vec<TcpStream>,
    /// Of the server, before anybody came.
    descriptors: usize,
}

impl Crowd {
    /// A server with `MANY` peers, each of which has been told `ready`.
    fn gather(options: &[&str]) -> Told<Self> {
        let mark = Mark::new();
        let most = (MANY + 10).to_string();
        let options = [&["-m", most.as_str(), "--kill-after", "500ms"], options].concat();
        let program = Program::ncat(server_words(&options)).with_usual_signals();
        let mut scene = Scene::of(mark.on(program))?;
        let place = place_of(&mut scene)?;
        let mut crowd = Self {
            descriptors: descriptors(scene.program.id()),
            scene,
            place,
            mark,
            peers: Vec::new(),
        };
        crowd.enter()?;
        Ok(crowd)
    }

    fn enter(&mut self) -> Told {
        let Place::Tcp(at) = &self.place else {
            return Err("that is no TCP port".into());
        };
        for _ in 0..MANY {
            let peer = told(TcpStream::connect(at))?;
            told(peer.set_read_timeout(Some(USUAL)))?;
            self.peers.push(peer);
        }
        for peer in &mut self.peers {
            let mut word = [0; 6];
            told(peer.read_exact(&mut word)).map_err(|e| format!("it is not ready: {e}"))?;
        }
        Ok(())
    }

    /// Sees that the server is as it was before anybody came.
    fn has_gone(&mut self) -> Told {
        self.mark.until_borne_by(0, &mut self.scene.program)?;
        let wanted = self.descriptors;
        let what = "no child and no descriptor is left";
        let program = &mut self.scene.program;
        let result = program.repeat_until(Deadline::usual(), what, |id| {
            (children(id).is_empty() && descriptors(id) == wanted).then_some(())
        });
        let id = self.scene.program.id();
        result.map_err(|e| {
            let (left, now) = (children(id).len(), descriptors(id));
            format!("{e}; {left} children, {now} descriptors instead of {wanted}")
        })
    }

    /// Tells the server to end, and sees that nothing is left of it.
    fn end(mut self) -> Told {
        self.scene.program.signal(Signal::TERM)?;
        self.scene.ends_with(143)?;
        self.mark.is_gone()?;
        let words = ["-l", "-v"].map(str::to_owned).into_iter();
        let mut again = Scene::of(Program::ncat(words.chain(self.place.words())))?;
        place_of(&mut again).map(drop)
    }
}

#[test]
fn five_hundred_that_read_end_with_their_peers() -> Told {
    let mut crowd = Crowd::gather(&["-c", "echo ready; exec cat"])?;
    for peer in &mut crowd.peers {
        told(peer.write_all(b"last word"))?;
        told(peer.shutdown(Shutdown::Write))?;
    }
    for peer in &mut crowd.peers {
        let mut echo = String::new();
        told(peer.read_to_string(&mut echo))?;
        crate::expect("the echo", &echo, "last word")?;
    }
    crowd.has_gone()?;
    crowd.end()
}

#[test]
fn five_hundred_that_do_not_read_are_hung_up_on_when_their_peers_reset() -> Told {
    let mut crowd = Crowd::gather(&["-c", "echo ready; exec sleep 1000"])?;
    for peer in crowd.peers.drain(..) {
        told(SockRef::from(&peer).set_linger(Some(Duration::ZERO)))?;
    }
    crowd.has_gone()?;
    crowd.enter()?;
    crowd.end()
}

#[test]
fn five_hundred_end_with_us() -> Told {
    Crowd::gather(&["-c", "echo ready; exec sleep 1000"])?.end()
}

#[test]
fn five_hundred_stubborn_ones_are_killed() -> Told {
    let line = "trap '' HUP TERM INT; echo ready; exec sleep 1000";
    Crowd::gather(&["-c", line])?.end()
}
