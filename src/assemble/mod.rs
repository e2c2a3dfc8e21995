//! A plan becomes a shell and a mode: the one place where options meet machinery.

mod disk;
mod doors;
mod herald;
mod openbsd;
mod outside;
mod program;
mod quitting;
mod role;
mod room;
mod script;
#[cfg(feature = "tls")]
mod secret;
#[cfg(feature = "proxy")]
mod service;
mod sockets;
mod target;
#[cfg(feature = "transfer")]
mod transfer;
#[cfg(not(feature = "transfer"))]
#[path = "transfer/without.rs"]
mod transfer;
mod voice;
#[cfg(feature = "proxy")]
mod way;

use std::fs::File;
use std::io;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use self::herald::Herald;
pub use self::outside::Outside;
use self::quitting::{Quitting, refuse, refuse_place, usage};
use self::role::guests;
use self::room::Room;
use self::script::Kept;
pub use self::script::run_script;
use self::target::{inet, is_datagram, listening, target, unix, vsock};
use crate::cli::plan::{Gate, Guests, Plan, Role};
use crate::net::given;
use crate::net::notify;
use crate::net::sockopt::SoftLimit;
use crate::net::wishes::Wishes;
use crate::net::{Config, Program, Shell, Whose, sys};
use crate::route::{Form, Limits};
use crate::say::Level;
use crate::wire::{Clock, Crlf, Stack, Telnet};
#[cfg(any(feature = "proxy", feature = "tls"))]
use crate::wire::{Fault, Layer, Refusal};

/// The environment variable that keeps the kernel from carrying bytes by itself.
const NO_SPLICE: &str = "NCAT_NO_SPLICE";

/// The log files of a run, opened but not changed yet.
#[derive(Debug, Default)]
pub struct Logs {
    /// `-o`.
    pub output: Option<File>,
    /// `-x`.
    pub hex_dump: Option<File>,
}

/// Does what the plan says; the exit status.
pub fn run(mut plan: Plan, outside: Outside) -> u8 {
    let say = openbsd::say(&plan);
    for warning in &plan.warnings {
        say.warn(warning);
    }
    for note in &plan.notes {
        say.say(Level::Verbose, note);
    }
    match try_run(&mut plan, outside) {
        // What a shell shows of a status that does not fit is its low byte.
        Ok(status) => openbsd::status(&plan, (status & 0xff) as u8),
        Err(quitting) => {
            let words = quitting.words();
            let words = openbsd::sentence(&plan, &words);
            say.tell(Level::Error, words, &quitting.fact());
            openbsd::status(&plan, quitting.status)
        }
    }
}

fn try_run(plan: &mut Plan, mut outside: Outside) -> Result<i32, Quitting> {
    let descriptors = SoftLimit::raise();
    let room = Room::of(plan, outside.given.as_ref(), descriptors.most());
    if let Some(warning) = room.warning(plan) {
        openbsd::say(plan).warn(&warning);
    }
    if plan.command.is_some() {
        sys::pass_on_nothing();
    }
    if let Role::Listen(_) = plan.role {
        let socket = std::env::var_os(notify::VARIABLE);
        outside.supervisor.socket = socket.filter(|name| !name.is_empty());
    }
    // Behind that, for this is the one thing that they are to inherit.
    let script = outside.script.as_deref().map(Kept::new).transpose();
    let script = script.map_err(|error| refuse("No memory for the Lua script", &error))?;
    let private = private(&outside);
    let program = program::program(plan, script.as_ref(), descriptors, private);
    let clock = Clock::new(outside.started);
    let config = config(plan, program, clock);
    let mut config = config.map_err(|error| refuse("Unusable address", &error))?;
    config.wishes = sockets::wishes(plan).map_err(usage)?;
    sockets::warn(plan, &config.wishes, &openbsd::say(plan));
    through_or_as_proxy(plan, &mut config)?;
    if config.service.is_some() {
        config.most_guests = room.peers().map(|peers| peers.max(1));
    }
    let say = transfer::with_bar(plan, openbsd::say(plan));
    let mut shell = Shell::new(config, say, outside.started)
        .map_err(|error| refuse("Could not start the event loop", &error))?;
    open_logs(plan, outside.logs, &mut shell).map_err(|error| refuse("open", &error))?;
    let mode = role::mode(plan, outside.given, &mut shell)?;
    let places = shell.places();
    let mut herald = Herald {
        mode,
        supervisor: outside.supervisor,
        listens: matches!(plan.role, Role::Listen(_)),
        places,
    };
    let status = shell.run(&mut herald);
    shell.remove_sources();
    if let Err(words) = herald.supervisor.stopping() {
        openbsd::say(plan).error(&words);
    }
    status.map_err(|error| refuse("The event loop failed", &error))
}

/// The variables of the environment that are for us, and not for programs that we start.
fn private(outside: &Outside) -> Vec<&'static str> {
    let mut names = Vec::new();
    if outside.given.is_some() {
        names.extend(given::VARIABLES);
    }
    if outside.supervisor.socket.is_some() {
        names.push(notify::VARIABLE);
    }
    names
}

/// The logs begin to be written from here on; until now a wrong option left them as they were.
fn open_logs(plan: &Plan, logs: Logs, shell: &mut Shell) -> io::Result<()> {
    let files = [
        (Form::Raw, logs.output, &plan.dress.output),
        (Form::Hex, logs.hex_dump, &plan.dress.hex_dump),
    ];
    for (form, file, path) in files {
        let (Some(file), Some(path)) = (file, path) else {
            continue;
        };
        if !plan.dress.append && file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        shell.add_log(form, path.display().to_string(), file)?;
    }
    Ok(())
}

/// Nothing passes in the clear that was to pass in secret.
#[cfg(feature = "tls")]
fn seal(plan: &Plan, config: &mut Config) -> Result<(), Quitting> {
    let say = openbsd::say(plan);
    let secret = secret::Secret::new(plan, is_datagram(&plan.role), &config.clock, &say);
    let secret = secret.map_err(usage)?;
    if let Some(secret) = secret {
        secret.seal(config);
    }
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn seal(plan: &Plan, _: &mut Config) -> Result<(), Quitting> {
    match &plan.secure {
        None => Ok(()),
        Some(_) => Err(usage("This build knows no TLS".into())),
    }
}

/// Layers are laid on from above: what a proxy of ours speaks, secrecy, and ways through other proxies.
fn through_or_as_proxy(plan: &mut Plan, config: &mut Config) -> Result<(), Quitting> {
    #[cfg(feature = "proxy")]
    service::open(plan, config).map_err(usage)?;
    seal(plan, config)?;
    #[cfg(feature = "proxy")]
    way::lay(plan, config).map_err(usage)?;
    Ok(())
}

/// Bytes that nobody can foresee.
#[cfg(feature = "proxy")]
fn chance() -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    let drawn = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    match drawn {
        Ok(32) => Ok(bytes),
        Ok(_) | Err(_) => Err("The system gives no random numbers".into()),
    }
}

/// A layer, or what says why there is none.
#[cfg(any(feature = "proxy", feature = "tls"))]
fn layer<L: Layer + 'static>(made: Result<L, Fault>) -> Box<dyn Layer> {
    match made {
        Ok(layer) => Box::new(layer),
        Err(fault) => Box::new(Refusal(fault)) as Box<dyn Layer>,
    }
}

fn config(plan: &mut Plan, program: Option<Program>, clock: Clock) -> io::Result<Config> {
    let gate = match &mut plan.role {
        Role::Listen(listen) => mem::take(&mut *listen.gate),
        Role::Connect(_) | Role::Scan(_) => Gate::default(),
    };
    let (target, max_conns, single) = match &plan.role {
        Role::Connect(connect) => (
            Some(target(plan, &connect.target, &connect.ports)?),
            0,
            true,
        ),
        Role::Scan(scan) => (Some(target(plan, &scan.target, &scan.ports)?), 0, true),
        Role::Listen(listen) => (None, listen.max_conns, listen.guests == Guests::One),
    };
    let dress = &plan.dress;
    let datagrams = is_datagram(&plan.role);
    let chunk = if datagrams {
        dress.datagram_size
    } else {
        Limits::CHUNK
    };
    Ok(Config {
        wishes: Wishes::default(),
        target: target.map(Rc::new),
        name_of: None,
        phrases: openbsd::phrases(plan),
        asker: None,
        secret: plan.secure.is_some(),
        service: None,
        peer_layers: Box::new(peer_layers),
        handshake: plan.secure.as_ref().map_or(Duration::ZERO, |w| w.patience),
        doorman: None,
        clock,
        stdio_layers,
        voice: voice::voice,
        chat: guests(&plan.role) == Guests::Chat,
        telnet: dress.telnet,
        crlf: dress.crlf,
        delay: dress.delay,
        interval: dress.interval,
        max_conns,
        most_guests: None,
        access: gate.access,
        reader: gate.again.map(disk::reader),
        single,
        datagram_size: dress.datagram_size,
        limits: Limits {
            log: dress.max_queue,
            chunk,
            messages: datagrams,
            stall: dress.stall_after,
            delay: dress.delay,
            rate: plan.transfer.rate,
        },
        in_turn: matches!(&plan.role, Role::Listen(l) if l.in_turn && l.guests == Guests::Many),
        pass_on: plan.flow.pass_on,
        packets: plan.flow.packets,
        // What the kernel carries is not counted.
        kernel_carries: plan.flow.packets.is_none() && std::env::var_os(NO_SPLICE).is_none(),
        catch_signals: matches!(plan.role, Role::Listen(_)) || plan.command.is_some(),
        program,
        checksum: transfer::checksum(plan),
        announce: plan.announce,
    })
}

/// From the wire upward.
fn peer_layers(config: &Config, _: Whose, stack: &mut Stack) {
    if config.telnet {
        stack.push(Box::new(Telnet::default()));
    }
}

/// `-C` stands on our side of the link, so that logs and all members of a hub see one conversion. A
/// chat has a voice that ends lines anyway.
fn stdio_layers(config: &Config) -> Stack {
    let mut stack = Stack::default();
    if config.crlf && !config.chat {
        stack.push(Box::new(Crlf::default()));
    }
    stack
}
