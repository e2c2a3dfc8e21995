//! One cell, played: its states brought about in order, and what must be seen at the ends.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::cell::{Back, Cell, Stdin, Towards, What};
use crate::common::deadline::{Watch, in_time};
use crate::common::payload::{endless_lines, lines, same};
use crate::common::wire::{Room, socket_in};
use crate::common::{Deadline, Ending, In, Over, Place, Scene, Side, Told, directory, proc_net};
use crate::who::{Who, begin};

/// What goes forward: more than a plain pipe and a narrow socket hold, so it cannot just lie
/// somewhere.
const FORWARD: usize = 256 * 1024;

/// A file that fills back: more than all queues together hold when the peer does not read.
const FILE_FLOOD: usize = 4 * 1024 * 1024;

/// A flood from our own hands is poured in pieces of this size until no more goes in.
const PIECE: usize = 256 * 1024;

/// After this long without any movement a flooded direction counts as stuck.
const LULL: Duration = Duration::from_millis(60);

/// How long the peer says nothing after the end of stdin. A program that merely lingers has gone by
/// then.
const LATER: Duration = Duration::from_millis(700);

/// How soon stdin has to speak after the peer's end: a silence of half a second would be the end.
const SOON: Duration = Duration::from_millis(400);

/// One cell being played.
struct Play {
    cell: Cell,
    stdin: Stdin,
    who: Who,
    scene: Scene,
    forward: Vec<u8>,
    /// What the file holds that is stdin, if it is one.
    file: Vec<u8>,
}

pub(crate) fn play_cell(cell: Cell, stdin: Stdin, over: Over, who: Who) -> Told {
    in_time(SOON, |watch| {
        let dir = directory()?;
        let mut play = set_up(cell, stdin, over, who, dir.path())?;
        play.set_back(watch)?;
        play.go_forward(watch)?;
        match who {
            Who::Ours(_) => play.aftermath(),
            Who::Ncat | Who::OpenBsd | Who::Socat => Ok(()),
        }
    })
}

fn set_up(cell: Cell, stdin: Stdin, over: Over, who: Who, dir: &Path) -> Told<Play> {
    let forward = lines(1, FORWARD);
    let file = match (cell.towards, cell.back) {
        (Towards::Socket, _) => forward.clone(),
        (Towards::Stdout, Back::Filled) => lines(2, FILE_FLOOD),
        (Towards::Stdout, Back::Quiet | Back::Done) => Vec::new(),
    };
    let given = match stdin {
        Stdin::Pipe => In::Pipe,
        Stdin::Terminal => In::Terminal,
        Stdin::Null => In::Null,
        Stdin::File => {
            let path = dir.join("stdin");
            fs::write(&path, &file).map_err(|e| format!("cannot write a file: {e}"))?;
            In::File(path)
        }
    };
    let place = match over {
        Over::Tcp => Place::any_port(),
        Over::Unix => socket_in(dir),
    };
    let scene = match cell.side {
        Side::Client => client(who, &place, given)?,
        Side::Server => server(who, &place, given)?,
    };
    Ok(Play {
        cell,
        stdin,
        who,
        scene,
        forward,
        file,
    })
}

fn client(who: Who, place: &Place, stdin: In) -> Told<Scene> {
    let door = place.open_with(&Room::Narrow, 4)?;
    let mut scene = begin(who, Side::Client, &door.place, stdin)?;
    scene.admit(&door)?;
    Ok(scene)
}

fn server(who: Who, place: &Place, stdin: In) -> Told<Scene> {
    let mut scene = begin(who, Side::Server, place, stdin)?;
    let deadline = Deadline::after(scene.patience);
    let place = match place {
        Place::Tcp(_) => Place::local(proc_net::tcp_port_of(&mut scene.program, deadline)?),
        Place::Unix(path) => {
            proc_net::unix_path_of(&mut scene.program, &path.display().to_string(), deadline)?;
            place.clone()
        }
    };
    scene.peers.push(place.connect_with(&Room::Narrow)?);
    Ok(scene)
}

impl Play {
    /// Brings the direction that is not in question into its state.
    fn set_back(&mut self, watch: &Watch) -> Told {
        let scene = &mut self.scene;
        match (self.cell.towards, self.cell.back) {
            (_, Back::Quiet) => Ok(()),
            (Towards::Stdout, Back::Filled) => {
                scene.peer().rx.paused = true;
                match self.stdin {
                    Stdin::File => scene.until_quiet(LULL),
                    _ => scene.flood(LULL, endless_lines(3, PIECE), |s| &mut s.program.stdin),
                }
            }
            (Towards::Socket, Back::Filled) => {
                scene.program.stdout.paused = true;
                scene.flood(LULL, endless_lines(4, PIECE), |s| &mut s.peer().tx)
            }
            (Towards::Stdout, Back::Done) => {
                scene.program.stdin.finish();
                scene.until("the peer saw the end of stdin", |s| {
                    s.peer().rx.end == Some(Ending::Eof)
                })?;
                scene.holds(
                    LATER,
                    "the program listens on after the end of stdin",
                    |s| s.program.status.is_none(),
                )
            }
            (Towards::Socket, Back::Done) => self.end_of_the_peer(watch),
        }
    }

    /// The peer half-closes, and the program shows that it knows.
    fn end_of_the_peer(&mut self, watch: &Watch) -> Told {
        let scene = &mut self.scene;
        // A file would be through before the end is seen: held up, it is still being sent then.
        scene.peer().rx.paused = self.stdin == Stdin::File;
        watch.begin();
        scene.peer().tx.finish();
        match self.who {
            Who::Ours(_) | Who::Ncat => scene
                .until("stdout ended after the peer half-closed", |s| {
                    s.program.stdout.ended()
                })?,
            // These keep stdout open to their own end; time must do.
            Who::OpenBsd | Who::Socat => scene.until_quiet(LULL)?,
        }
        scene.peer().rx.paused = false;
        Ok(())
    }

    fn go_forward(&mut self, watch: &Watch) -> Told {
        let (scene, what, forward) = (&mut self.scene, self.cell.what, self.forward.as_slice());
        match self.cell.towards {
            Towards::Stdout => {
                scene.peer().tx.push(forward);
                if what == What::Eof {
                    scene.peer().tx.finish();
                    scene.until("stdout ended", |s| s.program.stdout.ended())?;
                }
                scene.until("stdout gave everything", |s| {
                    s.program.stdout.got.len() >= forward.len()
                })?;
                same("stdout", &scene.program.stdout.got, forward)
            }
            Towards::Socket => {
                let forward = if self.stdin == Stdin::Null {
                    &[]
                } else {
                    forward
                };
                if matches!(self.stdin, Stdin::Pipe | Stdin::Terminal) {
                    scene.program.stdin.push(forward);
                    if what == What::Eof {
                        scene.program.stdin.finish();
                    }
                    scene.until("stdin was read", |s| !s.program.stdin.fed().is_empty())?;
                    watch.end();
                }
                if what == What::Eof {
                    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
                }
                scene.until("the peer has everything", |s| {
                    s.peer().rx.got.len() >= forward.len()
                })?;
                same("the peer", &scene.peer().rx.got, forward)
            }
        }
    }

    /// Back moves again, everything ends, and nothing is missing anywhere.
    fn aftermath(&mut self) -> Told {
        let scene = &mut self.scene;
        scene.program.stdout.paused = false;
        scene.peer().rx.paused = false;
        scene.program.stdin.finish();
        scene.peer().tx.finish();
        scene.until("both directions ended", |s| {
            s.program.stdout.ended() && s.peer().rx.ended()
        })?;
        if scene.peer().rx.end != Some(Ending::Eof) {
            return Err(format!(
                "the connection was broken in the aftermath; {}",
                scene.state()
            ));
        }
        let (program, peer) = (&scene.program, &scene.peers[0]);
        let into_stdin = match self.stdin {
            Stdin::File => &self.file,
            Stdin::Pipe | Stdin::Terminal | Stdin::Null => program.stdin.pushed(),
        };
        same("in the end the peer", &peer.rx.got, into_stdin)?;
        same("in the end stdout", &program.stdout.got, peer.tx.pushed())?;
        scene.ends_with(0).map(drop)
    }
}
