//! A lesson: commands as they stand in a text, and a play in which each of them is typed.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use rustix::process::geteuid;

use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, Scene, Told};
use crate::world::{World, can};

/// Commands that belong together.
pub(crate) struct Lesson {
    /// The title of the section in which they stand.
    pub(crate) section: &'static str,
    /// The commands, word for word.
    pub(crate) commands: &'static [&'static str],
    /// What is put in for what, in each of them.
    pub(crate) adapted: &'static [(&'static str, &'static str)],
    /// Machines with networks of their own; a terminal with such a name stands there.
    pub(crate) hosts: &'static [&'static str],
    /// Programs without which it is left out.
    pub(crate) needs: &'static [&'static str],
    /// What is done before anybody types a command.
    pub(crate) before: &'static str,
    pub(crate) play: &'static [Step],
    /// Why the commands cannot be typed, if they cannot.
    pub(crate) not_run: &'static str,
}

/// What most lessons leave as it is.
pub(crate) const LESSON: Lesson = Lesson {
    section: "",
    commands: &[],
    adapted: &[],
    hosts: &[],
    needs: &[],
    before: "",
    play: &[],
    not_run: "",
};

/// A program that only root can start.
pub(crate) const ROOT: &str = "root";

/// What happens next. Terminals have names, and open when the first command is typed in them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// A command of the lesson, by its number, is typed there.
    Run(&'static str, usize),
    /// Another command is typed there: by who is at the other end.
    Help(&'static str, &'static str),
    /// It listens at this TCP port.
    Opens(&'static str, u16),
    /// It has this UDP port.
    OpensUdp(&'static str, u16),
    /// It has a connection to this port.
    Meets(&'static str, u16),
    /// This is typed there.
    Type(&'static str, &'static str),
    CtrlD(&'static str),
    CtrlC(&'static str),
    /// This appears there, behind what has been read already.
    Reads(&'static str, &'static str),
    /// The command there ends with that status.
    Ends(&'static str, i32),
    /// The second file becomes the same as the first, while or after that command is at work.
    Same(&'static str, &'static str, &'static str),
    /// The file has this text in it, while or after that command is at work.
    Holds(&'static str, &'static str, &'static str),
}

use Step::{CtrlC, CtrlD, Ends, Help, Holds, Meets, Opens, OpensUdp, Reads, Run, Same, Type};

/// Gives all lessons of a text.
pub(crate) fn all_work(lessons: &'static [Lesson]) -> Told {
    let cases = lessons.iter().map(|lesson| {
        let name = format!("{}: {}", lesson.section, lesson.commands.join(" / "));
        Case::new(name, move || lesson.works())
    });
    all_hold(&cases.collect::<Vec<_>>())
}

impl Lesson {
    fn works(&self) -> Told {
        self.is_whole()?;
        if !self.not_run.is_empty() || self.lacks() || !can() {
            return Ok(());
        }
        let mut class = Class {
            lesson: self,
            terminals: HashMap::new(),
            world: World::new(self.hosts)?,
        };
        if !self.before.is_empty() {
            let mut scene = class.world.terminal("here", self.before)?;
            scene.ends_with(0).map_err(|why| shown(why, &scene))?;
        }
        for step in self.play {
            class.take(step).map_err(|why| format!("{step:?}: {why}"))?;
        }
        Ok(())
    }

    /// Each command is typed, or there is a reason why none is.
    fn is_whole(&self) -> Told {
        for (i, command) in self.commands.iter().enumerate() {
            let typed = |step: &Step| matches!(step, Run(_, n) if *n == i);
            if self.play.iter().any(typed) != self.not_run.is_empty() {
                return Err(format!(
                    "nobody types {command:?}, or somebody does in vain"
                ));
            }
        }
        Ok(())
    }

    /// Whether a program is missing that it cannot do without; says so if one is.
    fn lacks(&self) -> bool {
        let missing = self.needs.iter().find(|need| match **need {
            ROOT => !geteuid().is_root(),
            program => !has(program),
        });
        if let Some(missing) = missing {
            println!("SKIPPED: {:?}, for it needs {missing}", self.commands);
        }
        missing.is_some()
    }

    /// A command, with what its reader would put in.
    fn typed(&self, number: usize) -> String {
        let command = self.commands[number].to_owned();
        let put_in = |line: String, (from, to): &(&str, &str)| line.replace(from, to);
        self.adapted.iter().fold(command, put_in)
    }
}

fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\"", program])
        .output();
    found.is_ok_and(|found| found.status.success())
}

/// A terminal, and how far it has been read.
struct Seat {
    scene: Scene,
    read: usize,
}

/// A lesson that is being given.
struct Class<'a> {
    lesson: &'a Lesson,
    // Before the world, in which they are.
    terminals: HashMap<&'static str, Seat>,
    world: World,
}

impl Class<'_> {
    fn take(&mut self, step: &Step) -> Told {
        match *step {
            Run(who, number) => self.start(who, &self.lesson.typed(number)),
            Help(who, line) => self.start(who, line),
            Opens(who, port) => self.until_socket(who, "tcp", LISTENING, port),
            OpensUdp(who, port) => self.until_socket(who, "udp", UNCONNECTED, port),
            Meets(who, port) => self.until_socket(who, "tcp", CONNECTED, port),
            Type(who, text) => self.types(who, text.as_bytes()),
            CtrlC(who) => self.types(who, b"\x03"),
            CtrlD(who) => {
                self.seat(who)?.scene.program.stdin.finish();
                self.types(who, b"")
            }
            Reads(who, text) => self.reads(who, text),
            Ends(who, status) => self.ends(who, status),
            Same(who, from, to) => {
                let (from, to) = (self.world.file(from), self.world.file(to));
                self.until(who, &format!("{} is the same", to.display()), || {
                    fs::read(&from).ok() == fs::read(&to).ok() && from.exists()
                })
            }
            Holds(who, file, text) => {
                let path = self.world.file(file);
                let held = || fs::read(&path).unwrap_or_default();
                let holds = || String::from_utf8_lossy(&held()).contains(text);
                self.until(who, &format!("{file} holds {text:?}"), holds)
                    .map_err(|why| format!("{why}; {:?}", String::from_utf8_lossy(&held())))
            }
        }
    }

    fn start(&mut self, who: &'static str, line: &str) -> Told {
        let scene = self.world.terminal(who, line)?;
        self.terminals.insert(who, Seat { scene, read: 0 });
        Ok(())
    }

    fn seat(&mut self, who: &str) -> Told<&mut Seat> {
        self.terminals
            .get_mut(who)
            .ok_or_else(|| format!("nobody sits at {who}"))
    }

    fn types(&mut self, who: &str, text: &[u8]) -> Told {
        let scene = &mut self.seat(who)?.scene;
        scene.program.stdin.push(text);
        let typed = |s: &mut Scene| s.program.stdin.is_done() || s.program.status.is_some();
        scene.until("it is typed", typed)
    }

    fn reads(&mut self, who: &str, text: &str) -> Told {
        let seat = self.seat(who)?;
        let read = seat.read;
        let find = |s: &Scene| {
            let got = &s.program.stdout.got[read..];
            got.windows(text.len())
                .position(|piece| piece == text.as_bytes())
        };
        let what = format!("{text:?} appears");
        let result = seat
            .scene
            .until(&what, |s| find(s).is_some() || s.program.stdout.ended());
        match (result, find(&seat.scene)) {
            (_, Some(at)) => {
                seat.read += at + text.len();
                Ok(())
            }
            (result, None) => {
                let why = result.err().unwrap_or_else(|| "it ended".to_owned());
                Err(shown(why, &self.seat(who)?.scene))
            }
        }
    }

    fn ends(&mut self, who: &str, status: i32) -> Told {
        let scene = &mut self.seat(who)?.scene;
        let ended = scene.ends_with(status);
        ended.map(drop).map_err(|why| shown(why, scene))
    }

    /// Waits for a fact that nothing announces; in vain once the command at that terminal has ended.
    fn until(&mut self, who: &str, what: &str, fact: impl Fn() -> bool) -> Told {
        let scene = &mut self.seat(who)?.scene;
        let look = |_| fact().then_some(());
        scene
            .program
            .repeat_until(Deadline::usual(), what, look)
            .map_err(|why| {
                // What it says is read only when somebody looks.
                let _ = scene.turn(Deadline::after(std::time::Duration::ZERO));
                shown(why, scene)
            })
    }

    fn until_socket(&mut self, who: &str, table: &str, state: &str, port: u16) -> Told {
        let path = format!("/proc/{}/net/{table}", self.world.at(who).id());
        let what = format!("there is port {port} in {table}");
        // What can be reached by IPv4 is there; whoever connects chooses between the two.
        let tables = [path.clone(), format!("{path}6")];
        let tables = if state == CONNECTED {
            &tables[..]
        } else {
            &tables[..1]
        };
        self.until(who, &what, || {
            tables.iter().any(|table| has_port(table, state, port))
        })
    }
}

/// States as the system's tables have them.
const LISTENING: &str = "0A";
const UNCONNECTED: &str = "07";
const CONNECTED: &str = "01";

/// Whether a socket in that state has this port, or is connected to it.
fn has_port(table: &str, state: &str, port: u16) -> bool {
    let table = fs::read_to_string(table).unwrap_or_default();
    // sl local_address rem_address st ...
    let column = if state == CONNECTED { 2 } else { 1 };
    let port = format!(":{port:04X}");
    table.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(3) == Some(&state) && words.get(column).is_some_and(|at| at.ends_with(&port))
    })
}

/// What a terminal shows, behind what went wrong there.
fn shown(why: String, scene: &Scene) -> String {
    let screen = scene.program.stdout.text();
    let tail: String = screen.chars().rev().take(2000).collect();
    let tail: String = tail.chars().rev().collect();
    format!("{why}; the terminal shows {tail:?}")
}
