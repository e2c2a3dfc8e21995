//! Programs that talk to peers: started with two pipes, watched until they exit, and ended with all
//! their descendants when nobody wants them any more.
//!
//! Promise: a program inherits 0, 1 and 2 and nothing else; it leads a process group of its own, and
//! no signal goes to any other; nobody waits for it. An exited program is kept until it is forgotten,
//! so that its number, by which its descendants are known, goes to nobody else meanwhile.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use mio::Interest;
use mio::event::Source as _;
use mio::unix::SourceFd;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, waitpid,
};
use socket2::SockAddr;

use super::Shell;
use super::alarm::Wake;
use super::reach::failure;
use super::sockopt;
use super::token::{self, Kind};
use super::transport::Pipes;
use crate::ids::{ConnId, ProcessId};
use crate::mode::Event;

/// What is to be run for a peer, and how.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments; never looked for in PATH.
    pub argv: Vec<OsString>,
    /// What our name for the program is, where that is not how it is called.
    pub path: Option<OsString>,
    /// `TCP`, `UDP` and so on.
    pub protocol: &'static str,
    /// How many descriptors the program may have: as many as we might before we asked for more.
    pub descriptors: sockopt::SoftLimit,
    /// Variables of our environment that it is not to have.
    pub private: Vec<&'static str>,
    /// How long it has to end when it is told to, until it is killed.
    pub kill_after: Duration,
}

/// A program that was started.
pub(super) struct Process {
    /// The connection with its pipes.
    pub child: ConnId,
    id: Pid,
    /// Readable once it has exited; the loop watches it for as long as it is kept.
    _watch: OwnedFd,
    exited: bool,
    stage: Stage,
}

/// What it has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Runs,
    /// It is told to end then.
    HangsUp(Instant),
    /// It was, and is killed then.
    Dies(Instant),
}

impl Process {
    /// Whether it still wants the alarm that was set for that time.
    pub(super) fn wants(&self, at: Instant) -> bool {
        self.stage == Stage::HangsUp(at) || self.stage == Stage::Dies(at)
    }

    /// Whether it has that number.
    pub(super) fn is(&self, id: Pid) -> bool {
        self.id == id
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.id, signal); // nobody may be left in it
    }

    fn reap(&self) {
        let _ = waitpid(Some(self.id), WaitOptions::NOHANG); // there is nothing to learn from it
    }
}

impl Shell {
    /// Starts a program for a peer.
    pub(super) fn spawn(&mut self, peer: ConnId) {
        let event = match self.try_spawn(peer) {
            Ok(child) => Event::Spawned { peer, child },
            Err(error) => Event::NotSpawned {
                peer,
                why: failure(&error),
            },
        };
        self.outbox.push_back(event);
    }

    fn try_spawn(&mut self, peer: ConnId) -> io::Result<ConnId> {
        let Some(program) = self.config.program.clone() else {
            return Err(Errno::NOENT.into());
        };
        let mut command = command(&program)?;
        command.envs(self.environment(peer, program.protocol));
        let (input, to_program) = os_pipe::pipe()?;
        let (from_program, output) = os_pipe::pipe()?;
        command.stdin(input).stdout(output).process_group(0);
        let pipes = Pipes::new(to_program.into(), from_program.into())?;
        let mut started = program.descriptors.kept(|| command.spawn())?;
        drop(command); // and with it our copies of the program's ends
        self.take_over(&started, pipes).inspect_err(|_| {
            let _ = started.kill(); // unwatched it would outlive us
            let _ = started.wait();
        })
    }

    fn take_over(&mut self, started: &Child, pipes: Pipes) -> io::Result<ConnId> {
        let id = Pid::from_child(started);
        let watch = pidfd_open(id, PidfdFlags::empty())?;
        let fd = watch.as_raw_fd();
        let child = self.add_child(pipes);
        self.watch(child).inspect_err(|_| self.remove_conn(child))?;
        let process = self.processes.add(Process {
            child,
            id,
            _watch: watch,
            exited: false,
            stage: Stage::Runs,
        });
        let token = token::pack(Kind::Process, process);
        let registry = self.poll.registry();
        let watched = SourceFd(&fd).register(registry, token, Interest::READABLE);
        if let Err(error) = watched {
            self.processes.remove(process);
            self.remove_conn(child);
            return Err(error);
        }
        self.of_child.insert(child, process);
        Ok(child)
    }

    /// What a program is told about its peer.
    fn environment(&self, peer: ConnId, protocol: &str) -> [(&'static str, String); 5] {
        let ends = self.conns.find(peer).and_then(|conn| conn.transport.ends());
        let (remote, local) = ends.unwrap_or_default();
        let ((remote_addr, remote_port), (local_addr, local_port)) = (words(remote), words(local));
        [
            ("NCAT_REMOTE_ADDR", remote_addr),
            ("NCAT_REMOTE_PORT", remote_port),
            ("NCAT_LOCAL_ADDR", local_addr),
            ("NCAT_LOCAL_PORT", local_port),
            ("NCAT_PROTO", protocol.to_owned()),
        ]
    }

    /// Something happened to a process: it has exited.
    pub(super) fn note_process(&mut self, packed: usize) {
        let Some(id) = self.processes.unpack(packed) else {
            return;
        };
        if let Some(process) = self.processes.find_mut(id)
            && !std::mem::replace(&mut process.exited, true)
        {
            let child = process.child;
            self.outbox.push_back(Event::Exited { child });
        }
    }

    /// The program of that connection is not wanted any more: after that time it is told to end. If it
    /// has exited, its exit is told of again then, and those whom it left behind go when it is forgotten.
    pub(super) fn hang_up(&mut self, child: ConnId, after: Duration) {
        let Some(&id) = self.of_child.get(&child) else {
            return;
        };
        let at = self.now + after;
        if let Some(process) = self.processes.find_mut(id) {
            process.stage = Stage::HangsUp(at);
            self.alarms.set(at, Wake::Process(id));
        }
    }

    /// A program's time has come.
    pub(super) fn ring_process(&mut self, id: ProcessId) {
        let kill_after = self
            .config
            .program
            .as_ref()
            .map(|program| program.kill_after);
        let Some(process) = self.processes.find_mut(id) else {
            return;
        };
        match process.stage {
            Stage::HangsUp(at) if at <= self.now && process.exited => {
                let child = process.child;
                self.outbox.push_back(Event::Exited { child });
            }
            Stage::HangsUp(at) if at <= self.now => {
                process.signal(Signal::HUP);
                process.signal(Signal::CONT); // one that is stopped could not end
                let at = self.now + kill_after.unwrap_or_default();
                process.stage = Stage::Dies(at);
                self.alarms.set(at, Wake::Process(id));
            }
            Stage::Dies(at) if at <= self.now => process.signal(Signal::KILL),
            Stage::Runs | Stage::HangsUp(_) | Stage::Dies(_) => {}
        }
    }

    /// The program of that connection has exited and been heard. If it was to end it takes everybody
    /// along whom it has started.
    pub(super) fn forget(&mut self, child: ConnId) {
        let id = self.of_child.remove(&child);
        if let Some(process) = id.and_then(|id| self.processes.remove(id)) {
            if process.stage != Stage::Runs {
                process.signal(Signal::KILL);
            }
            process.reap();
        }
    }
}

fn command(program: &Program) -> io::Result<Command> {
    let (name, arguments) = program.argv.split_first().ok_or(Errno::NOENT)?;
    let mut path = program.path.clone().unwrap_or_else(|| name.clone());
    if !path.as_encoded_bytes().contains(&b'/') {
        path = [OsString::from("./"), path].into_iter().collect(); // here, and not in PATH
    }
    let mut command = Command::new(path);
    command.arg0(name).args(arguments);
    for variable in &program.private {
        command.env_remove(variable);
    }
    Ok(command)
}

/// An address and its port as a program is told of them. Whoever has no address is near.
fn words(address: Option<SockAddr>) -> (String, String) {
    let inet = address.as_ref().and_then(SockAddr::as_socket);
    let vsock = address.as_ref().and_then(SockAddr::as_vsock_address);
    match (inet, vsock) {
        (Some(inet), _) => (inet.ip().to_string(), inet.port().to_string()),
        (None, Some((cid, port))) => (cid.to_string(), port.to_string()),
        (None, None) => ("localhost".into(), String::new()),
    }
}
